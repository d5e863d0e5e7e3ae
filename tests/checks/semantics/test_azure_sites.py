import pytest

from checks.semantics.azure_sites import kind_of


@pytest.mark.parametrize(
    ("kind", "meaning"),
    [
        ("app", "app"),
        ("app,linux,container", "app"),
        ("", "app"),
        ("functionapp", "function"),
        ("FunctionApp,linux", "function"),
        ("functionapp,workflowapp", "workflow"),
    ],
)
def test_kind_of(kind: str, meaning: str) -> None:
    assert kind_of(kind) == meaning
