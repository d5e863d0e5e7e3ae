import base64

from hypothesis import given
from hypothesis import strategies as st

from checks.semantics import authorized_keys


@given(st.text(max_size=80), st.binary(max_size=60), st.sampled_from(["ssh-rsa", "ssh-dss", "ssh-x", "a"]))
def test_no_line_breaks_it(text: str, blob: bytes, kind: str) -> None:
    encoded = base64.b64encode(blob).decode()

    assert authorized_keys.parsed(f"# {text}") is None
    authorized_keys.parsed(text)
    found = authorized_keys.parsed(f"{kind} {encoded}")
    assert (found is not None) is (kind != "a" and bool(encoded))


def test_where_keys_are_looked_for() -> None:
    patterns = (".ssh/authorized_keys", "/etc/ssh/keys/%u", "%h/k%%", "/x/%U")

    assert authorized_keys.files(patterns, "ada", 1000, "/home/ada") == (
        "/home/ada/.ssh/authorized_keys",
        "/etc/ssh/keys/ada",
        "/home/ada/k%",
        "/x/1000",
    )
    assert [
        authorized_keys.looked_into(path)
        for path in (
            "/home/a/.ssh/authorized_keys",
            "/home/a/b/c/d/authorized_keys",
            "/etc/ssh/k/a",
            "/home/a/k",
        )
    ] == [True, False, True, False]
