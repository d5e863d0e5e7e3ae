"""What every test may use."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import moto

# A clock decides about no test.
settings.register_profile("wardround", deadline=None)
settings.load_profile("wardround")

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden", action="store_true", help="rewrite tests/golden with what comes out now")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a whole output to its file in tests/golden, or rewrites the file."""

    def compare(name: str, said: str, folder: Path = GOLDEN) -> None:
        path = folder / name
        if request.config.getoption("--golden"):
            path.write_bytes(said.encode())
        assert said == path.read_bytes().decode()

    return compare


@pytest.fixture(scope="session")
def moto_server() -> Iterator[moto.Moto]:
    """Moto's server, one for all tests; a test that needs it empty resets it."""
    with moto.running() as server:
        yield server
