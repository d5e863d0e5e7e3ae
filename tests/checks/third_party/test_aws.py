from typing import Any

from checks.third_party import FileSystem, FunctionUrl, Organization, Role, SearchDomain
from checks.third_party.aws import (
    efs_file_systems,
    lambda_urls,
    opensearch_domains,
    organization,
    roles,
)
from scanner.testing import ACCOUNT, Error, by, observe, world

from .policies import policy, to, who

PARTNER = "444455556666"
ORGANIZATION = "o-a1b2c3d4e5"
GITHUB = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:"
ES = f"arn:aws:es:us-east-1:{ACCOUNT}:domain/"
EFS = f"arn:aws:elasticfilesystem:us-east-1:{ACCOUNT}:file-system/"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/"


def trusted(**known: Any) -> dict[str, Any]:
    nobody = {
        "services": (),
        "accounts_without_external_id": (),
        "whole_accounts": (),
        "providers": (),
        "open_providers": (),
    }
    return who() | nobody | {"tags": {}} | known


def role(name: str, *said: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"Arn": ROLE + name, "RoleName": name, "AssumeRolePolicyDocument": policy(*said), **more}


ACCOUNT_ORGANIZATION = world(
    organization,
    {
        "organizations:DescribeOrganization": {
            "Organization": {"Id": ORGANIZATION, "MasterAccountId": PARTNER, "FeatureSet": "ALL"}
        }
    },
)
ROLES = world(
    roles,
    {
        "iam:GetAccountAuthorizationDetails": [
            {
                "UserDetailList": [],
                "RoleDetailList": [
                    role("app", to({"Service": "ec2.amazonaws.com"}, "sts:AssumeRole")),
                    role(
                        "vendor",
                        to({"AWS": f"arn:aws:iam::{PARTNER}:root"}, "sts:AssumeRole"),
                        Tags=[{"Key": "owner", "Value": "imaging"}],
                    ),
                ],
            },
            {
                "RoleDetailList": [
                    role("deploy", to({"Federated": GITHUB}, "sts:AssumeRoleWithWebIdentity")),
                    role("forgotten", to("*", "sts:AssumeRole")),
                ],
            },
        ]
    },
)
URLS = world(
    lambda_urls,
    {
        "lambda:ListFunctions": {
            "Functions": [{"FunctionArn": FUNCTION + name} for name in ("open", "own", "none")]
        },
        "lambda:ListFunctionUrlConfigs": by(
            "FunctionName",
            {
                FUNCTION + "open": {
                    "FunctionUrlConfigs": [
                        {"FunctionArn": FUNCTION + "open", "AuthType": "NONE"},
                        {"FunctionArn": FUNCTION + "open:beta", "AuthType": "AWS_IAM"},
                    ]
                },
                FUNCTION + "own": {
                    "FunctionUrlConfigs": [{"FunctionArn": FUNCTION + "own", "AuthType": "AWS_IAM"}]
                },
                FUNCTION + "none": {"FunctionUrlConfigs": []},
            },
        ),
    },
)
DOMAINS = world(
    opensearch_domains,
    {
        "opensearch:ListDomainNames": {
            "DomainNames": [{"DomainName": "notes"}, {"DomainName": "logs"}, {"DomainName": "new"}]
        },
        "opensearch:DescribeDomain": by(
            "DomainName",
            {
                "notes": {"DomainStatus": {"AccessPolicies": policy(to({"AWS": "*"}, "es:*"))}},
                "logs": {
                    "DomainStatus": {
                        "AccessPolicies": policy(to({"AWS": "*"}, "es:*")),
                        "VPCOptions": {"VPCId": "vpc-1"},
                    }
                },
                "new": {"DomainStatus": {"AccessPolicies": ""}},
            },
        ),
    },
)
FILE_SYSTEMS = world(
    efs_file_systems,
    {
        "efs:DescribeFileSystems": {
            "FileSystems": [
                {
                    "FileSystemId": name,
                    "FileSystemArn": EFS + name,
                    "Tags": [{"Key": "phi", "Value": "true"}],
                }
                for name in ("fs-1", "fs-2", "fs-3")
            ]
        },
        "efs:DescribeFileSystemPolicy": by(
            "FileSystemId",
            {
                "fs-1": {
                    "Policy": policy(
                        to(
                            {"AWS": "*"},
                            "elasticfilesystem:ClientMount",
                            Bool={"elasticfilesystem:AccessedViaMountTarget": "true"},
                        )
                    )
                },
                "fs-2": Error("PolicyNotFound"),
                "fs-3": {"Policy": policy(to({"AWS": PARTNER}, "elasticfilesystem:ClientMount"))},
            },
        ),
    },
)


def test_organization() -> None:
    alone = {"organizations:DescribeOrganization": Error("AWSOrganizationsNotInUseException")}

    assert observe(organization, ACCOUNT_ORGANIZATION) == [
        Organization(resource=f"aws:{ACCOUNT}", organization=ORGANIZATION, management_account=PARTNER)
    ]
    assert observe(organization, alone) == [
        Organization(resource=f"aws:{ACCOUNT}", organization=None, management_account=None)
    ]


def test_roles() -> None:
    ec2 = ("ec2.amazonaws.com",)
    partner = (PARTNER,)
    assert observe(roles, ROLES) == [
        Role(resource=ROLE + "app", **trusted(services=ec2, unbound_services=ec2)),
        Role(
            resource=ROLE + "vendor",
            **trusted(
                external_accounts=partner,
                accounts_without_external_id=partner,
                whole_accounts=partner,
                tags={"owner": "imaging"},
            ),
        ),
        Role(resource=ROLE + "deploy", **trusted(providers=(GITHUB,), open_providers=(GITHUB,))),
        Role(resource=ROLE + "forgotten", **trusted(anyone=True)),
    ]


def test_lambda_urls() -> None:
    def url(name: str, alias: str = "", *, authenticated: bool) -> FunctionUrl:
        return FunctionUrl(
            resource=f"{FUNCTION}{name}/url{alias}", authenticated=authenticated, links=(FUNCTION + name,)
        )

    assert observe(lambda_urls, URLS) == [
        url("open", authenticated=False),
        url("open", "/beta", authenticated=True),
        url("own", authenticated=True),
    ]


def test_opensearch_domains() -> None:
    assert observe(opensearch_domains, DOMAINS) == [
        SearchDomain(resource=ES + "notes", **who(anyone=True), publicly_accessible=True),
        SearchDomain(resource=ES + "logs", **who(anyone=True), publicly_accessible=False),
        SearchDomain(resource=ES + "new", **who(), publicly_accessible=True),
    ]


def test_efs_file_systems() -> None:
    tags = {"phi": "true"}
    assert observe(efs_file_systems, FILE_SYSTEMS) == [
        FileSystem(resource=EFS + "fs-1", **who(), policy=True, tags=tags),
        FileSystem(resource=EFS + "fs-2", **who(), policy=False, tags=tags),
        FileSystem(resource=EFS + "fs-3", **who(external_accounts=(PARTNER,)), policy=True, tags=tags),
    ]
