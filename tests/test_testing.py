"""What a test of a check is told when the check, or the test, is wrong."""

from collections.abc import Iterator

import pytest

from scanner import AwsRegion, AzureSubscription, EntraTenant, Evidence, Facts, Host, check, testing
from scanner.errors import Undeclared
from scanner.model import Reason, Unreadable
from scanner.testing import Compared, Error, by, declares_its_needs, keeps_refusals, look, observe, world


class Volume(Facts):
    """A volume."""

    encrypted: bool
    ours: bool = True


@check("ec2:DescribeVolumes", "kms:DescribeKey")
def volumes(region: AwsRegion) -> Iterator[Volume]:
    """Whether volumes are encrypted."""
    for volume in region.all("ec2:DescribeVolumes"):
        resource = region.arn("ec2", f"volume/{volume['VolumeId']}")
        with region.reading(resource):
            key = region.call("kms:DescribeKey", KeyId=volume["KmsKeyId"])["KeyMetadata"]
            yield Volume(
                resource=resource, encrypted=volume["Encrypted"], ours=key["KeyManager"] == "CUSTOMER"
            )


PAGE = {"Volumes": [{"VolumeId": "v1", "Encrypted": True, "KmsKeyId": "k1"}]}
KEYS = by("KeyId", {"k1": {"KeyMetadata": {"KeyId": "k1", "KeyManager": "CUSTOMER"}}})
WORLD = {"ec2:DescribeVolumes": PAGE, "kms:DescribeKey": KEYS}
V1 = "arn:aws:ec2:us-east-1:111122223333:volume/v1"


def test_answers_in_and_facts_out() -> None:
    assert observe(volumes, WORLD) == [Volume(resource=V1, encrypted=True, ours=True)]
    keeps_refusals(volumes, WORLD)
    declares_its_needs(volumes, WORLD)


def test_what_the_world_lacks_is_denied() -> None:
    sight = look(volumes, {"ec2:DescribeVolumes": PAGE})

    assert sight.facts == []
    assert [(refusal.resource, refusal.error.need) for refusal in sight.refusals] == [(V1, "kms:DescribeKey")]
    with pytest.raises(AssertionError, match=r"^refused: "):
        observe(volumes, {"ec2:DescribeVolumes": PAGE})


def test_an_error_is_one() -> None:
    sight = look(volumes, {**WORLD, "kms:DescribeKey": Error("NotFoundException")})

    assert [refusal.error.reason for refusal in sight.refusals] == [Reason.FAILED]


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ({"Volumse": []}, "ec2:DescribeVolumes has no 'Volumse'; it has "),
        ({"Volumes": {}}, "ec2:DescribeVolumes.Volumes is {}; AWS answers a list"),
        (
            {"Volumes": [{"Encryptd": True}]},
            "ec2:DescribeVolumes.Volumes[0] has no 'Encryptd'; it has ",
        ),
        (
            {"Volumes": [{"Encrypted": "true"}]},
            "ec2:DescribeVolumes.Volumes[0].Encrypted is 'true'; AWS answers a boolean",
        ),
        ({"Volumes": [{"Size": True}]}, "ec2:DescribeVolumes.Volumes[0].Size is True; AWS answers a integer"),
    ],
)
def test_answers_are_held_to_what_aws_documents(page: object, said: str) -> None:
    with pytest.raises(AssertionError) as caught:
        observe(volumes, {"ec2:DescribeVolumes": page})

    assert str(caught.value).startswith(said)


def test_a_check_that_hides_a_refusal_is_caught() -> None:
    @check("ec2:DescribeVolumes", "kms:DescribeKey")
    def hiding(region: AwsRegion) -> Iterator[Volume]:
        """Whether volumes are encrypted."""
        for volume in region.all("ec2:DescribeVolumes"):
            ours = region.call("kms:DescribeKey", absent="AccessDenied", KeyId=volume["KmsKeyId"]) is not None
            yield Volume(resource="v", encrypted=True, ours=ours)

    with pytest.raises(AssertionError, match="it says of v what is not so"):
        keeps_refusals(hiding, WORLD)


def test_a_check_that_leaves_out_what_was_refused_is_caught() -> None:
    @check("ec2:DescribeVolumes", "kms:DescribeKey")
    def leaving(region: AwsRegion) -> Iterator[Volume]:
        """Whether volumes are encrypted."""
        for volume in region.all("ec2:DescribeVolumes"):
            with region.reading("something else"):
                region.call("kms:DescribeKey", KeyId=volume["KmsKeyId"])
                yield Volume(resource="v", encrypted=True)

    with pytest.raises(AssertionError, match=r"without kms:DescribeKey, \['v'\] went missing in silence"):
        keeps_refusals(leaving, WORLD)


def test_a_need_that_is_never_used_is_caught() -> None:
    @check("ec2:DescribeVolumes", "kms:DescribeKey", "kms:ListKeys")
    def asking(region: AwsRegion) -> Iterator[Volume]:
        """Whether volumes are encrypted."""
        yield from volumes(region)  # type: ignore[misc]

    with pytest.raises(AssertionError, match="its complete world does not use kms:ListKeys"):
        declares_its_needs(asking, WORLD)


def test_a_call_that_is_not_declared_raises() -> None:
    @check("ec2:DescribeVolumes")
    def asking(region: AwsRegion) -> Iterator[Volume]:
        """Whether volumes are encrypted."""
        yield from volumes(region)  # type: ignore[misc]

    with pytest.raises(Undeclared):
        observe(asking, WORLD)


def test_a_world_without_resources_is_not_complete() -> None:
    with pytest.raises(AssertionError, match="its complete world has a resource"):
        keeps_refusals(volumes, {"ec2:DescribeVolumes": {"Volumes": []}})


def test_a_check_has_one_complete_world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(testing, "WORLDS", {})

    assert world(volumes, WORLD) is WORLD
    with pytest.raises(ValueError, match="has a complete world already"):
        world(volumes, WORLD)


def test_hosts_answer_with_text_or_an_output() -> None:
    @check("uname -r", "false")
    def kernels(host: Host) -> Iterator[Volume]:
        """Whether the kernel is good."""
        yield Volume(
            resource=host.id,
            encrypted=host.run("uname -r").text == "6.1\n",
            ours=host.run("false", ok=(0, 1)).status == 1,
        )

    told = {"uname -r": "6.1\n", "false": testing.Output(1, "")}

    assert observe(kernels, told) == [Volume(resource="host:ehr-1", encrypted=True, ours=True)]
    keeps_refusals(kernels, told)
    declares_its_needs(kernels, told)


@check("encryption.aws.ebs_volumes")
def copies(evidence: Evidence) -> Iterator[Volume]:
    """Volumes that are kept as they were."""
    before = {seen.resource: seen.facts for seen in evidence.before("encryption.aws.ebs_volumes")}
    for seen in evidence.all("encryption.aws.ebs_volumes"):
        yield Volume(resource=seen.resource, encrypted=True, ours=before.get(seen.resource) == seen.facts)


def test_evidence_answers_with_facts_and_refusals() -> None:
    kept, changed = Volume(resource="a", encrypted=True), Volume(resource="b", encrypted=True)
    refused = Unreadable(
        check="encryption.aws.ebs_volumes",
        target="t",
        scope="s",
        resource="c",
        reason=Reason.THROTTLED,
        detail="slow down",
        need="ec2:DescribeVolumes",
        mend="try again",
    )
    before = [kept, Volume(resource="b", encrypted=False)]
    told = {"encryption.aws.ebs_volumes": Compared(before=before, now=[kept, changed])}

    assert observe(copies, told) == [kept, Volume(resource="b", encrypted=True, ours=False)]
    keeps_refusals(copies, told)
    declares_its_needs(copies, told)
    sight = look(copies, {"encryption.aws.ebs_volumes": Compared(before=before, now=[refused])})
    assert sight.facts == []
    assert [(refusal.resource, refusal.error.reason) for refusal in sight.refusals] == [
        ("c", Reason.THROTTLED)
    ]


def test_evidence_that_lacks_a_check_or_a_run_before_is_refused() -> None:
    missing = look(copies, {})
    alone = look(copies, {"encryption.aws.ebs_volumes": [Volume(resource="a", encrypted=True)]})

    assert (missing.facts, alone.facts) == ([], [])
    assert [refusal.error.reason for refusal in missing.refusals] == [Reason.NOT_COLLECTED]
    assert ["--before" in refusal.error.mend for refusal in alone.refusals] == [True]


@check(
    "Microsoft.Sql/servers/read", "Microsoft.Sql/servers/databases/read", "Microsoft.Web/sites/config/read"
)
def databases(subscription: AzureSubscription) -> Iterator[Volume]:
    """Databases."""
    for server in subscription.all("Microsoft.Sql/servers/read"):
        for database in subscription.all("Microsoft.Sql/servers/databases/read", of=server.id):
            one = subscription.one(
                "Microsoft.Web/sites/config/read", f"{GROUP}/Microsoft.Web/sites/s/config/web"
            )
            yield Volume(resource=database.id, encrypted=one.flag("properties.good"))


GROUP = f"/subscriptions/{testing.SUBSCRIPTION}/resourceGroups/ehr/providers"
SERVERS = {
    "Microsoft.Sql/servers/read": [{"id": f"{GROUP}/Microsoft.Sql/servers/{name}"} for name in ("A", "ab")],
    "Microsoft.Sql/servers/databases/read": [
        {"id": f"{GROUP}/Microsoft.Sql/servers/{name}"}
        for name in ("a/databases/x", "AB/databases/y", "other/databases/z")
    ],
    "Microsoft.Web/sites/config/read": [
        {"id": f"{GROUP}/Microsoft.Web/sites/s/config/web", "properties": {"good": True}}
    ],
}


def test_azures_children_are_those_of_their_parents() -> None:
    assert observe(databases, SERVERS) == [
        Volume(resource=f"{GROUP}/Microsoft.Sql/servers/{name}", encrypted=True)
        for name in ("a/databases/x", "ab/databases/y")
    ]
    keeps_refusals(databases, SERVERS)
    declares_its_needs(databases, SERVERS)


def test_a_resource_of_another_type_is_told() -> None:
    wrong = {**SERVERS, "Microsoft.Sql/servers/read": [{"id": f"{GROUP}/Microsoft.Compute/disks/d"}]}

    with pytest.raises(AssertionError, match=r"is of type Microsoft.Compute/disks; expected Microsoft\.Sql"):
        observe(databases, wrong)


def test_a_resource_that_a_world_lacks_is_not_found() -> None:
    sight = look(databases, {**SERVERS, "Microsoft.Web/sites/config/read": []})

    assert [refusal.error.code for refusal in sight.refusals] == ["ResourceNotFound"]


@check("User.Read.All /users", "GroupMember.Read.All /groups/{id}/transitiveMembers")
def members(tenant: EntraTenant) -> Iterator[Volume]:
    """Members."""
    users = {user.id for user in tenant.all("User.Read.All /users")}
    for member in tenant.all("GroupMember.Read.All /groups/{id}/transitiveMembers", id="g1"):
        yield Volume(resource=tenant.resource("users", member.id), encrypted=member.id in users)


def test_graph_answers_by_the_names_in_a_path() -> None:
    world = {
        "User.Read.All /users": [{"id": "u1"}],
        "GroupMember.Read.All /groups/{id}/transitiveMembers": by("id", {"g1": [{"id": "U1"}, {"id": "u2"}]}),
    }

    assert observe(members, world) == [
        Volume(resource=f"entra:{testing.TENANT}/users/{name}", encrypted=good)
        for name, good in (("u1", True), ("u2", False))
    ]
    keeps_refusals(members, world)
    declares_its_needs(members, world)
