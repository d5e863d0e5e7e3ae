"""Third parties on AWS: who from other accounts may take up roles, or is let in where they reach something.

Policies are read as they are, without what Organizations denies besides. A statement lets an account in by
its number; whether it is of the same organisation, AWS tells the management account only.
"""

from collections.abc import Iterator
from typing import Any

from scanner import AwsAccount, AwsRegion, check

from ..semantics import iam, iam_trust
from . import FileSystem, FunctionUrl, Organization, Role, SearchDomain
from .aws_admitted import told, who

Item = dict[str, Any]


@check("organizations:DescribeOrganization")
def organization(account: AwsAccount) -> Iterator[Organization]:
    """Which organisation the account is in."""
    answer = account.call("organizations:DescribeOrganization", absent="AWSOrganizationsNotInUseException")
    found = answer["Organization"] if answer else {}
    yield Organization(
        resource=f"aws:{account.id}",
        organization=found.get("Id"),
        management_account=found.get("MasterAccountId"),
    )


@check("iam:GetAccountAuthorizationDetails")
def roles(account: AwsAccount) -> Iterator[Role]:
    """Who from outside may take up roles, by their trust policies."""
    for role in account.all("iam:GetAccountAuthorizationDetails", key="RoleDetailList"):
        trust = iam_trust.trust(iam.statements(role["AssumeRolePolicyDocument"]), account.id)
        yield Role(
            resource=role["Arn"],
            **told(trust.access),
            services=trust.access.services,
            accounts_without_external_id=trust.accounts_without_external_id,
            whole_accounts=trust.whole_accounts,
            providers=trust.access.providers,
            open_providers=trust.open_providers,
            tags=account.tags(role.get("Tags")),
        )


@check("lambda:ListFunctions", "lambda:ListFunctionUrlConfigs")
def lambda_urls(region: AwsRegion) -> Iterator[FunctionUrl]:
    """Whether whoever calls functions by their own addresses on the internet has to say who they are."""

    def read(function: Item) -> list[FunctionUrl]:
        arn = function["FunctionArn"]
        return [
            FunctionUrl(
                resource=f"{arn}/url{url['FunctionArn'].removeprefix(arn).replace(':', '/')}",
                authenticated=url["AuthType"] != "NONE",
                links=(arn,),
            )
            for url in region.all("lambda:ListFunctionUrlConfigs", FunctionName=arn)
        ]

    listed = region.all("lambda:ListFunctions")
    for urls in region.each(listed, read, resource=lambda function: function["FunctionArn"]):
        yield from urls


@check("opensearch:ListDomainNames", "opensearch:DescribeDomain")
def opensearch_domains(region: AwsRegion) -> Iterator[SearchDomain]:
    """Who from outside may search OpenSearch and Elasticsearch domains or change them, by their policies.

    Fine-grained access control, which a domain may have besides, is not looked at.
    """

    def read(domain: Item) -> SearchDomain:
        status = region.call("opensearch:DescribeDomain", DomainName=domain["DomainName"])["DomainStatus"]
        return SearchDomain(
            resource=arn(domain),
            **who(region.id, status.get("AccessPolicies")),
            publicly_accessible=not (status.get("VPCOptions") or {}).get("VPCId"),
        )

    def arn(domain: Item) -> str:
        return region.arn("es", f"domain/{domain['DomainName']}")

    yield from region.each(region.all("opensearch:ListDomainNames"), read, resource=arn)


@check("efs:DescribeFileSystems", "efs:DescribeFileSystemPolicy")
def efs_file_systems(region: AwsRegion) -> Iterator[FileSystem]:
    """Who from outside may use EFS file systems, by their policies."""

    def read(system: Item) -> FileSystem:
        answer = region.call(
            "efs:DescribeFileSystemPolicy", absent="PolicyNotFound", FileSystemId=system["FileSystemId"]
        )
        return FileSystem(
            resource=system["FileSystemArn"],
            **who(region.id, answer["Policy"] if answer else None),
            policy=answer is not None,
            tags=region.tags(system.get("Tags")),
        )

    systems = region.all("efs:DescribeFileSystems")
    yield from region.each(systems, read, resource=lambda system: system["FileSystemArn"])
