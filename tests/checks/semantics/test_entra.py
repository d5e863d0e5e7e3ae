import re

import pytest

from checks.semantics.entra import (
    CONTENT_PERMISSIONS,
    DIRECTORY_PERMISSIONS,
    GLOBAL_ADMINISTRATOR,
    PRIVILEGED_ROLES,
    foreign,
)

TENANT = "99990000-aaaa-bbbb-cccc-ddddeeeeffff"


@pytest.mark.parametrize(
    ("owner", "strange"),
    [
        ("5aa1b9f2-0000-4000-8000-00000000000a", True),
        (TENANT.upper(), False),
        ("F8CDEF31-A31E-4B4A-93E4-5F571E91255A", False),
        ("72f988bf-86f1-41af-91ab-2d7cd011db47", False),
        ("", False),
    ],
)
def test_whose_an_application_is(owner: str, *, strange: bool) -> None:
    assert foreign(owner, TENANT) is strange


def test_roles_are_written_as_directories_write_them() -> None:
    assert [
        role
        for role in PRIVILEGED_ROLES
        if not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", role)
    ] == []
    assert GLOBAL_ADMINISTRATOR in PRIVILEGED_ROLES


def test_no_permission_that_only_reads_changes_the_directory() -> None:
    assert [name for name in DIRECTORY_PERMISSIONS if ".Read." in name] == []
    assert frozenset() == DIRECTORY_PERMISSIONS & CONTENT_PERMISSIONS
