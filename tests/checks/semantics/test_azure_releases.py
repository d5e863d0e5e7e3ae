import pytest

from checks.semantics import azure_releases

IMAGES = [
    (("Canonical", "0001-com-ubuntu-server-jammy", "22_04-lts-gen2"), "ubuntu", "22.04", False),
    (("Canonical", "UbuntuServer", "16.04.0-LTS"), "ubuntu", "16.04", False),
    (("canonical", "ubuntu-24_04-lts", "server"), "ubuntu", "24.04", False),
    (("Canonical", "0001-com-ubuntu-pro-focal", "pro-20_04-lts-gen2"), "ubuntu", "20.04", True),
    (
        ("Canonical", "0001-com-ubuntu-confidential-vm", "what"),
        "Canonical:0001-com-ubuntu-confidential-vm",
        None,
        False,
    ),
    (("Debian", "debian-12", "12-gen2"), "debian", "12", True),
    (("credativ", "Debian", "9"), "debian", "9", True),
    (("RedHat", "RHEL", "8-lvm-gen2"), "rhel", "8", False),
    (("RedHat", "RHEL", "7.9"), "rhel", "7", False),
    (("RedHat", "RHEL", "810-gen2"), "rhel", "8", False),
    (("RedHat", "RHEL", "10-lvm"), "rhel", "10", False),
    (("RedHat", "rhel-byos", "rhel-lvm87-gen2"), "rhel", "8", False),
    (("RedHat", "rhel-sap-ha", "90sapha-gen2"), "rhel", "9", False),
    (("SUSE", "sles-15-sp5", "gen2"), "sles", "15.5", False),
    (("SUSE", "SLES", "12-SP5"), "sles", "12.5", False),
    (("SUSE", "SLES", "15"), "sles", "15.0", False),
    (("SUSE", "sles-16-0-x86-64", "gen2"), "sles", "16.0", False),
    (("SUSE", "opensuse-leap-15-6", "gen2"), "opensuse", "15.6", False),
    (("SUSE", "manager-server", "gen2"), "SUSE:manager-server", None, False),
    (("MicrosoftWindowsServer", "WindowsServer", "2019-Datacenter"), "windows-server", "2019", False),
    (("MicrosoftWindowsServer", "WindowsServer", "2012-R2-Datacenter"), "windows-server", "2012-r2", True),
    (("MicrosoftWindowsServer", "WindowsServer", "2008-R2-SP1"), "windows-server", "2008-r2-sp1", True),
    (
        ("MicrosoftWindowsServer", "WindowsServer", "2022-datacenter-azure-edition"),
        "windows-server",
        "2022",
        False,
    ),
    (
        ("MicrosoftWindowsServer", "WindowsServer", "datacenter-core-2004-smalldisk"),
        "windows-server",
        "2004-sac",
        False,
    ),
    (("MicrosoftWindowsServer", "WindowsServer", "23h2-datacenter-core"), "windows-server", "23h2-ac", False),
    (("MicrosoftSQLServer", "sql2022-ws2022", "sqldev-gen2"), "windows-server", "2022", False),
    (("MicrosoftSQLServer", "SQL2016SP2-WS2012R2", "Standard"), "windows-server", "2012-r2", True),
    (("MicrosoftSQLServer", "sql2019-ubuntu2004", "web"), "ubuntu", "20.04", False),
    (("MicrosoftSQLServer", "sql2019-rhel8", "web"), "rhel", "8", False),
    (("MicrosoftSQLServer", "sql2017-sles12sp5", "web"), "sles", "12.5", False),
    (("Oracle", "Oracle-Linux", "ol810-lvm-gen2"), "oracle-linux", "8", False),
    (("almalinux", "almalinux-x86_64", "9-gen2"), "almalinux", "9", False),
    (("resf", "rockylinux-x86_64", "9-base"), "rocky-linux", "9", False),
    (
        ("erockyenterprisesoftwarefoundationinc1653071250513", "rockylinux-9", "rockylinux-9"),
        "rocky-linux",
        "9",
        False,
    ),
    (("OpenLogic", "CentOS", "7_9-gen2"), "centos", "7", False),
    (
        ("MicrosoftWindowsDesktop", "windows-11", "win11-23h2-pro"),
        "MicrosoftWindowsDesktop:windows-11",
        None,
        False,
    ),
    (("kali-linux", "kali", "kali-2024-2"), "kali-linux:kali", None, False),
]


@pytest.mark.parametrize(("words", "product", "cycle", "extended"), IMAGES)
def test_an_image(words: tuple[str, str, str], product: str, cycle: str | None, *, extended: bool) -> None:
    found = azure_releases.image(*words)

    assert found.extended_support == extended
    assert found.support["product"] == product
    assert found.support["cycle"] == cycle
    assert found.support["version"] == (f"{words[1]}:{words[2]}")


SYSTEMS = [
    ("ubuntu", "22.04", "ubuntu", "22.04", False),
    ("redhat", "8.8", "rhel", "8", False),
    ("oracle", "8.8", "oracle-linux", "8", False),
    ("sles", "15.5", "sles", "15.5", False),
    ("debian", "12.5", "debian", "12", True),
    ("centos", "7.9.2009", "centos", "7", False),
    ("mariner", "2.0", "mariner", None, False),
    ("Windows Server 2019 Datacenter", "10.0.17763.4010", "windows-server", "2019", False),
    ("Microsoft Windows Server 2012 R2 Standard", "6.3.9600", "windows-server", "2012-r2", True),
    ("Ubuntu 22.04.3 LTS", "", "ubuntu", "22.04", False),
    ("Debian GNU/Linux 12 (bookworm)", "", "debian", "12", True),
    ("Red Hat Enterprise Linux 8.8 (Ootpa)", "", "rhel", "8", False),
    ("Red Hat Enterprise Linux Server 7.9 (Maipo)", "", "rhel", "7", False),
    ("SUSE Linux Enterprise Server 15 SP5", "", "sles", "15.5", False),
    ("SUSE Linux Enterprise Server for SAP Applications 12 SP5", "", "sles", "12.5", False),
    ("SUSE Linux Enterprise Server 16.0", "", "sles", "16.0", False),
    ("Oracle Linux Server 8.8", "", "oracle-linux", "8", False),
    ("Rocky Linux 9.2 (Blue Onyx)", "", "rocky-linux", "9", False),
    ("AlmaLinux 9.3 (Shamrock Pampas Cat)", "", "almalinux", "9", False),
    ("CentOS Stream 9", "", "centos-stream", "9", False),
    ("CentOS Linux 7 (Core)", "3.10.0-1160", "centos", "7", False),
    ("Amazon Linux 2", "", "amazon-linux", "2", False),
]


@pytest.mark.parametrize(("name", "version", "product", "cycle", "extended"), SYSTEMS)
def test_a_system(name: str, version: str, product: str, cycle: str | None, *, extended: bool) -> None:
    found = azure_releases.system(name, version)

    assert found.extended_support == extended
    assert found.support["product"] == product
    assert found.support["cycle"] == cycle
    assert found.support["version"] == (version or name)


RUNTIMES = [
    ("PYTHON|3.9", "python", "3.9", "3.9"),
    ("NODE|18-lts", "nodejs", "18-lts", "18"),
    ("NODE|~20", "nodejs", "20", "20"),
    ("DOTNETCORE|8.0", "dotnet", "8.0", "8"),
    ("dotnet-isolated|8.0", "dotnet", "8.0", "8"),
    ("PHP|8.2", "php", "8.2", "8.2"),
    ("TOMCAT|9.0-java11", "tomcat", "9.0-java11", "9.0"),
    ("JAVA|8-jre8", "eclipse-temurin", "8", "8"),
    ("JAVA|1.8.0_73", "eclipse-temurin", "8", "8"),
    ("JAVA|17-java17", "microsoft-build-of-openjdk", "17", None),
    ("PowerShell|7.4", "powershell", "7.4", None),
]


@pytest.mark.parametrize(("stack", "product", "version", "cycle"), RUNTIMES)
def test_a_runtime(stack: str, product: str, version: str, cycle: str | None) -> None:
    found = azure_releases.runtime(stack)

    assert found is not None
    assert (found["product"], found["version"], found["cycle"]) == (product, version, cycle)


@pytest.mark.parametrize("stack", ["", "DOCKER|ehr.azurecr.io/portal:4", "COMPOSE|Zm9v", "sitecontainers|"])
def test_what_is_in_a_container_is_not_told(stack: str) -> None:
    assert azure_releases.runtime(stack) is None
