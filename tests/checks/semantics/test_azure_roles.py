import pytest

from checks.semantics.azure_roles import (
    Permission,
    administers_locks,
    allows,
    allows_everything,
    gives_access,
)

CONTRIBUTOR = Permission(("*",), ("Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"))


@pytest.mark.parametrize(
    ("pattern", "action", "allowed"),
    [
        ("*", "Microsoft.Compute/disks/read", True),
        ("*/read", "Microsoft.Compute/disks/read", True),
        ("*/read", "Microsoft.Compute/disks/write", False),
        ("microsoft.compute/*", "Microsoft.Compute/disks/read", True),
        ("Microsoft.Compute/*/read", "Microsoft.Compute/virtualMachines/extensions/read", True),
        ("Microsoft.Compute/disks", "Microsoft.Compute/disks/read", False),
        ("Microsoft.Compute.disks/read", "Microsoft.Compute/disks/read", False),
        ("MicrosoftXCompute/*", "Microsoft.Compute/disks/read", False),
        ("Microsoft.Compute/disks/*", "XMicrosoft.Compute/disks/read", False),
    ],
)
def test_a_pattern(pattern: str, action: str, *, allowed: bool) -> None:
    assert allows([Permission((pattern,))], action) is allowed


def test_what_one_permission_takes_out_another_allows() -> None:
    write = "Microsoft.Authorization/roleAssignments/write"

    assert not allows([CONTRIBUTOR], write)
    assert allows([CONTRIBUTOR, Permission((write,))], write)


@pytest.mark.parametrize(
    ("role", "everything", "access", "locks"),
    [
        ([Permission(("*",))], True, True, True),
        ([CONTRIBUTOR], False, False, False),
        ([Permission(("*",), ("Microsoft.Compute/disks/delete",))], False, True, True),
        ([Permission(("Microsoft.Authorization/*/Write",))], False, True, False),
        ([Permission(("Microsoft.Authorization/roleAssignments/*",))], False, True, False),
        ([Permission(("Microsoft.Authorization/roleDefinitions/write",))], False, True, False),
        ([Permission(("Microsoft.Authorization/locks/*",))], False, False, True),
        ([Permission(("Microsoft.Authorization/locks/read",))], False, False, False),
        ([Permission(("*/read",))], False, False, False),
        ([], False, False, False),
    ],
)
def test_what_a_role_comes_to(role: list[Permission], *, everything: bool, access: bool, locks: bool) -> None:
    assert (allows_everything(role), gives_access(role), administers_locks(role)) == (
        everything,
        access,
        locks,
    )
