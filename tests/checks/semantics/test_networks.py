import pytest

from checks.semantics.networks import Ports, anyone, public


@pytest.mark.parametrize(
    "cidrs",
    [
        ["0.0.0.0/0"],
        ["0.0.0.0/1"],
        ["8.8.8.8/32"],
        ["10.0.0.0/7"],  # 10.0.0.0/8 and the public 11.0.0.0/8
        ["172.0.0.0/8"],
        ["172.32.0.0/16"],
        ["100.128.0.0/9"],
        ["10.0.0.0/8", "52.94.0.0/22"],
        ["::/0"],
        ["2600:1f18::/36"],
        ["2001:4860::/32"],
        ["64:ff9b::/96"],
        ["10.0.0.0/8", "2000::/3"],
    ],
)
def test_public(cidrs: list[str]) -> None:
    assert public(cidrs)


@pytest.mark.parametrize(
    "cidrs",
    [
        [],
        ["10.0.0.0/8"],
        ["10.1.2.3/32", "192.168.0.0/24"],
        ["172.16.0.0/12"],
        ["172.31.255.255/32"],
        ["100.64.0.0/10"],
        ["169.254.169.254/32"],
        ["203.0.113.0/24"],
        ["224.0.0.0/3"],  # multicast and future use, each reserved whole
        ["fd00::/8"],
        ["fe80::1/128"],
        ["::1/128"],
        ["2001:db8::/32"],
    ],
)
def test_not_public(cidrs: list[str]) -> None:
    assert not public(cidrs)


@pytest.mark.parametrize(
    "cidrs",
    [
        ["0.0.0.0/0"],
        ["128.0.0.0/1"],
        ["0.0.0.0/2", "64.0.0.0/2"],
        ["10.0.0.0/8", "0.0.0.0/0"],
        ["::/0"],
        ["2000::/3"],
        ["3000::/4"],
    ],
)
def test_anyone(cidrs: list[str]) -> None:
    assert anyone(cidrs)


@pytest.mark.parametrize(
    "cidrs",
    [[], ["0.0.0.0/2"], ["0.0.0.0/2", "128.0.0.0/2"], ["8.0.0.0/8"], ["8000::/1"], ["2600::/12"]],
)
def test_not_anyone(cidrs: list[str]) -> None:
    assert not anyone(cidrs)


def test_host_bits_do_not_matter() -> None:
    assert public(["8.8.8.8/24"])
    assert not public(["10.1.2.3/8"])


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="anywhere"):
        public(["anywhere"])


@pytest.mark.parametrize(
    ("ports", "text", "admin", "database"),
    [
        (Ports("all", 0, 65535), "all", True, True),
        (Ports("tcp", 0, 65535), "0-65535", True, True),
        (Ports("udp", 0, 65535), "0-65535", True, True),
        (Ports("tcp", 443, 443), "443", False, False),
        (Ports("tcp", 22, 22), "22", True, False),
        (Ports("tcp", 20, 21), "20-21", False, False),
        (Ports("tcp", 5000, 6000), "5000-6000", True, True),
        (Ports("tcp", 1521, 1521), "1521", False, True),
        (Ports("udp", 22, 22), "22", False, False),
        (Ports("udp", 3389, 3389), "3389", True, False),
        (Ports("udp", 5432, 5432), "5432", False, False),
        (Ports("udp", 11211, 11211), "11211", False, True),
        (Ports("icmp", None, None), "", False, False),
    ],
)
def test_ports(ports: Ports, text: str, admin: bool, database: bool) -> None:
    assert (str(ports), ports.admin, ports.database) == (text, admin, database)


def test_only_all_is_every_port_of_every_protocol() -> None:
    assert Ports("all", 0, 65535).every
    assert not Ports("tcp", 0, 65535).every
