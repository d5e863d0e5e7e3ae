import pytest

from scanner import context


@pytest.mark.parametrize(
    ("tags", "phi"),
    [
        ({"phi": "true"}, True),
        ({"phi": "Yes "}, True),
        ({"phi": "1"}, True),
        ({"phi": "false"}, False),
        ({"phi": ""}, False),
        ({}, False),
    ],
)
def test_phi(tags: dict[str, str], *, phi: bool) -> None:
    assert context.of(tags)["phi"] is phi


@pytest.mark.parametrize(
    ("said", "records"),
    [("500", 500), ("0", 0), ("", None), ("many", None), ("-5", None), ("1.5", None), ("9" * 5000, None)],
)
def test_records(said: str, records: int | None) -> None:
    assert context.of({"records": said})["records"] == records


def test_everything_that_tags_tell() -> None:
    assert context.of({"owner": "imaging", "environment": "prod"}) == {
        "tags": {"owner": "imaging", "environment": "prod"},
        "phi": False,
        "records": None,
        "owner": "imaging",
    }


def test_only_allowed_tags_are_kept_whatever_their_case() -> None:
    tags = {"PHI": "true", "Name": "Jane Doe's laptop", "Owner": "a", "owner": "b"}

    assert context.kept(tags) == {"phi": "true", "owner": "b"}
    assert context.kept(tags, frozenset({"name"})) == {"name": "Jane Doe's laptop"}
    assert context.kept(tags, frozenset()) == {}
