import subprocess
import sys
from datetime import UTC, datetime

import pytest

from checks.semantics.versions import Cycle, operating_system, rds_engine, release, support


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_release() -> None:
    assert release("debian", "12") == Cycle(
        product="debian",
        name="12",
        support_end="dated",
        supported_until=day("2026-07-11"),
        extended_support_until=day("2028-06-30"),
    )


@pytest.mark.parametrize(
    ("product", "version", "cycle"),
    [
        ("rhel", "9.4", "9"),
        ("alpine-linux", "3.2.1", "3.2"),
        ("alpine-linux", "3.21.4", "3.21"),
        ("amazon-linux", "2", "2"),
        ("amazon-linux", "2023.12.20260817.0", "2023"),
        ("amazon-rds-mysql", "8.0.45", "8.0.45"),
        ("amazon-rds-mysql", "8.0.45.R1", "8.0.45"),
        ("amazon-rds-mysql", "8.4.10", "8.4"),
        ("aws-lambda", "java8", "java8"),
        ("aws-lambda", "nodejs4.3", "nodejs4.3"),
    ],
)
def test_a_version_belongs_to_the_longest_cycle_it_begins_with(
    product: str, version: str, cycle: str
) -> None:
    found = release(product, version)

    assert found
    assert found.name == cycle


@pytest.mark.parametrize(
    ("product", "version"),
    [
        ("debian", "99"),
        ("debian", "1"),
        ("debian", ""),
        ("ubuntu", "24"),
        ("aws-lambda", "python3.1"),
        ("plan9", "4"),
        ("mssqlserver", "13.0.6300.2"),
    ],
)
def test_what_the_list_lacks_has_no_cycle(product: str, version: str) -> None:
    assert release(product, version) is None


def test_what_the_list_lacks_is_unlisted() -> None:
    assert support("plan9", "4") == {
        "product": "plan9",
        "version": "4",
        "cycle": None,
        "support_end": "unlisted",
        "supported_until": None,
        "extended_support_until": None,
    }


def test_an_end_that_is_not_announced() -> None:
    assert support("amazon-documentdb", "5.0.0") == {
        "product": "amazon-documentdb",
        "version": "5.0.0",
        "cycle": "5.0",
        "support_end": "unannounced",
        "supported_until": None,
        "extended_support_until": None,
    }


def test_an_end_that_is_past_without_a_date() -> None:
    assert support("nodejs", "3.3.1") == {
        "product": "nodejs",
        "version": "3.3.1",
        "cycle": "3",
        "support_end": "past",
        "supported_until": None,
        "extended_support_until": None,
    }


def test_lambda_mends_a_runtime_until_its_deprecation() -> None:
    assert support("aws-lambda", "nodejs20.x")["supported_until"] == day("2026-04-30")
    assert support("aws-lambda", "dotnet7")["supported_until"] == day("2024-05-14")


def test_a_minor_version_of_rds_for_mysql_ends_before_its_major_version() -> None:
    assert support("amazon-rds-mysql", "8.4.3")["supported_until"] == day("2026-05-31")
    assert support("amazon-rds-mysql", "8.4.10")["supported_until"] == day("2029-07-31")


@pytest.mark.parametrize(
    ("engine", "version", "product", "cycle"),
    [
        ("postgres", "16.3", "amazon-rds-postgresql", "16"),
        ("aurora-postgresql", "15.10", "amazon-aurora-postgresql", "15"),
        ("docdb", "5.0.0", "amazon-documentdb", "5.0"),
        ("neptune", "1.4.5.1", "amazon-neptune", "1.4.5.1"),
        ("sqlserver-se", "15.00.4335.1.v1", "mssqlserver", "15.0"),
        ("sqlserver-ee", "13.00.6300.2.v1", "mssqlserver", None),
        ("oracle-ee", "19.0.0.0.ru-2025-01", "oracle-ee", None),
    ],
)
def test_rds_engine(engine: str, version: str, product: str, cycle: str | None) -> None:
    said = rds_engine(engine, version)

    assert (said["product"], said["version"], said["cycle"]) == (product, version, cycle)


@pytest.mark.parametrize(
    ("system", "version", "product", "cycle"),
    [
        ("debian", "12", "debian", "12"),
        ("ubuntu", "24.04", "ubuntu", "24.04"),
        ("rocky", "9.3", "rocky-linux", "9"),
        ("ol", "8.9", "oracle-linux", "8"),
        ("amzn", "2023", "amazon-linux", "2023"),
        ("sles", "15.5", "sles", "15.5"),
        ("opensuse-leap", "15.6", "opensuse", "15.6"),
        ("centos", "7", "centos", "7"),
        ("centos", "9", "centos-stream", "9"),
        ("void", "", "void", None),
    ],
)
def test_operating_system(system: str, version: str, product: str, cycle: str | None) -> None:
    said = operating_system(system, version)

    assert (said["product"], said["cycle"]) == (product, cycle)


def test_importing_checks_does_not_read_the_list() -> None:
    code = (
        "import sys; opened = []; "
        "sys.addaudithook(lambda event, told: opened.append(str(told[0])) if event == 'open' else None); "
        "import checks.patching.aws; from checks.semantics import versions; "
        "assert not any('end_of_life' in path for path in opened); "
        "versions.release('debian', '12'); versions.release('rhel', '9'); "
        "assert sum('end_of_life' in path for path in opened) == 1"
    )

    subprocess.run([sys.executable, "-c", code], check=True)
