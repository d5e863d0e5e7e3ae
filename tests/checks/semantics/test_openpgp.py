"""Fingerprints are held to what gpg says of the same keys (`gpg --show-keys`)."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.semantics.openpgp import fingerprints, published

# Made by gpg 2.2 for this test; its private half is gone.
KEY = """\
-----BEGIN PGP PUBLIC KEY BLOCK-----
Version: a header, as some programs write

mDMEawJWDRYJKwYBBAHaRw8BAQdAPbbE9NU0PHWPxN87tsWgQfLdsXLTLjWLf8kA
62Xttyu0FlZlbmRvciA8dkBleGFtcGxlLm9yZz6IkAQTFggAOBYhBKTAlB19UxWS
i/9ZscXhVCUCcftxBQJrAlYNAhsDBQsJCAcCBhUKCQgLAgQWAgMBAh4BAheAAAoJ
EMXhVCUCcftxsuoA/0thMuW+VEfj9FCdJ3Yr9FJM9bvGVvX35XsnlAu8TzBjAP9S
+1al0VpPnG+he8cO9OJHg9qfnI1dXM0mccfyAk5xAA==
=vrcP
-----END PGP PUBLIC KEY BLOCK-----
"""
FINGERPRINT = "A4C0941D7D5315928BFF59B1C5E154250271FB71"


def armored(raw: bytes) -> list[str]:
    lines = b64encode(raw).decode()
    return ["-----BEGIN PGP PUBLIC KEY BLOCK-----", "", lines, "-----END PGP PUBLIC KEY BLOCK-----"]


def test_the_fingerprint_is_gpgs() -> None:
    assert fingerprints(KEY.splitlines()) == (FINGERPRINT,)


def test_several_keys_each_once() -> None:
    assert fingerprints([*KEY.splitlines(), "(none)", *KEY.splitlines()]) == (FINGERPRINT,)


@pytest.mark.parametrize("head", [b"\xc6\x06", b"\x98\x06", b"\xc6\xff\x00\x00\x00\x06", b"\x99\x00\x06"])
def test_packets_of_either_format(head: bytes) -> None:
    """RFC 9580, section 5.5.4; the digests of the octets are those of sha1sum and sha256sum."""
    assert fingerprints(armored(head + b"\x04abcde")) == ("E0BADA15950A651853D511A5FB2064E16F08DDB5",)
    assert fingerprints(armored(head + b"\x06abcde")) == (
        "EC39375AB14DA2753A80F3ED3C53B15FC53E5387A533578AA3806BB214D556B3",
    )


@pytest.mark.parametrize(
    "raw", [b"", b"\x99", b"\xc6\xe1\x00", b"\x9b\x00", b"\x99\xff\xff\x04", b"\xc6\x06\x03abcde", b"plain"]
)
def test_what_is_no_key_has_no_fingerprint(raw: bytes) -> None:
    assert fingerprints(armored(raw)) == ()


@given(st.binary(max_size=200))
def test_no_key_breaks_the_reader(raw: bytes) -> None:
    fingerprints(armored(raw))


@given(st.text(max_size=200))
def test_no_armor_breaks_the_reader(text: str) -> None:
    fingerprints(["-----BEGIN PGP PUBLIC KEY BLOCK-----", text, "-----END PGP PUBLIC KEY BLOCK-----"])


def test_published_keys() -> None:
    assert {vendor: len(published(vendor)) for vendor in ("rhel", "rocky", "debian")} == {
        "rhel": 2,
        "rocky": 3,
        "debian": 0,
    }
    listed = {each for vendor in ("almalinux", "amzn", "ol", "sles", "rhel") for each in published(vendor)}
    assert {len(each) for each in listed} == {40, 64}
