import pytest

from tests.e2e import environment


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> environment.Environment:
    """An environment with wardround and the example plug-in, one for all tests."""
    return environment.made(tmp_path_factory.mktemp("installed"))
