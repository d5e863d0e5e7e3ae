import pytest

from checks.semantics.allow_lists import Rule, anyone, first_match, span


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        ([], False),
        (["0.0.0.0/0"], True),
        (["0.0.0.0-255.255.255.255"], True),
        (["0.0.0.1-255.255.255.254"], True),
        (["1.0.0.0-64.255.255.255"], False),
        (["0.0.0.0-127.255.255.255", "128.0.0.0/1"], True),
        (["8.8.8.8", "10.0.0.0/8"], False),
        (["::/0"], True),
        (["2000::-3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"], True),
    ],
)
def test_anyone(ranges: list[str], *, expected: bool) -> None:
    assert anyone(ranges) is expected


def test_a_span_of_two_versions_is_none() -> None:
    with pytest.raises(ValueError, match="from one version of IP to another"):
        anyone(["10.0.0.1-::1"])


def test_span() -> None:
    assert span("8.8.8.8", "8.8.8.8") == "8.8.8.8"
    assert span("8.8.4.4", "8.8.8.8") == "8.8.4.4-8.8.8.8"


def test_without_rules() -> None:
    assert first_match([], otherwise=True) == ("0.0.0.0/0", "::/0")
    assert first_match([], otherwise=False) == ()


def test_the_first_rule_that_fits_decides() -> None:
    rules = [Rule(False, ("8.8.8.0/25",)), Rule(True, ("8.8.8.0/24", "2001:4860::/32"))]

    assert first_match(rules, otherwise=False) == ("8.8.8.128/25", "2001:4860::/32")
    assert first_match(rules[::-1], otherwise=False) == ("8.8.8.0/24", "2001:4860::/32")


def test_a_wider_rule_first_leaves_nothing_over() -> None:
    rules = [Rule(False, ("0.0.0.0/0", "::/0")), Rule(True, ("8.8.8.8",))]

    assert first_match(rules, otherwise=True) == ()


def test_a_rule_that_asks_more_leaves_the_rest_to_others() -> None:
    rules = [Rule(False, ("0.0.0.0/0",), always=False), Rule(True, ("8.8.8.8",))]

    assert first_match(rules, otherwise=False) == ("8.8.8.8/32",)
