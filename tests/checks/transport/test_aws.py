import json
from typing import Any

import pytest

from checks.transport import ApiDomain, ApiStage, Distribution, InTransit, LoadBalancer, aws_policies
from checks.transport.aws import (
    api_domains,
    application_load_balancers,
    classic_load_balancers,
    cloudfront_distributions,
    network_load_balancers,
    rest_api_stages,
    s3_buckets,
)
from scanner.testing import Error, by, look, observe, world

BALANCERS = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/"
ACM = "arn:aws:acm:us-east-1:111122223333:certificate/ours"
IAM = "arn:aws:iam::111122223333:server-certificate/old"
TO_HTTPS = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "StatusCode": "HTTP_301"}}
ELSEWHERE = {"Type": "redirect", "RedirectConfig": {"Host": "old.example", "StatusCode": "HTTP_302"}}
FORWARD = {"Type": "forward", "TargetGroupArn": "arn:ehr"}
LOG_IN = {"Type": "authenticate-oidc", "Order": 1}
REFUSED = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "403"}}
WELCOME = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}


def policy(name: str, *protocols: str) -> dict[str, Any]:
    return {"Name": name, "SslProtocols": list(protocols)}


POLICIES = {
    "SslPolicies": [
        policy("ELBSecurityPolicy-2016-08", "TLSv1", "TLSv1.1", "TLSv1.2"),
        policy("ELBSecurityPolicy-TLS13-1-2-2021-06", "TLSv1.2", "TLSv1.3"),
        policy("ELBSecurityPolicy-TLS13-1-3-2021-06", "TLSv1.3"),
    ]
}


def balancers(kind: str, *names: str) -> list[dict[str, Any]]:
    return [{"LoadBalancerArn": BALANCERS + name, "Type": kind} for name in names]


def secure(protocol: str, policy: str, *certificates: str) -> dict[str, Any]:
    return {
        "ListenerArn": f"{protocol}/{policy}",
        "Protocol": protocol,
        "SslPolicy": f"ELBSecurityPolicy-{policy}",
        "Certificates": [{"CertificateArn": certificate} for certificate in certificates],
    }


def plain(name: str, protocol: str = "HTTP") -> dict[str, Any]:
    return {"ListenerArn": name, "Protocol": protocol}


def rules(*actions: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Rules": [{"Actions": taken} for taken in actions]}


OURS = [secure("HTTPS", "TLS13-1-2-2021-06", ACM)]
APPLICATION = world(
    application_load_balancers,
    {
        "elbv2:DescribeLoadBalancers": [
            {"LoadBalancers": [*balancers("network", "hl7"), *balancers("application", "ehr", "lab", "old")]},
            {"LoadBalancers": balancers("application", "mixed", "part", "away", "none")},
        ],
        "elbv2:DescribeListeners": by(
            "LoadBalancerArn",
            {
                BALANCERS + "ehr": {"Listeners": [plain("sent on"), *OURS]},
                BALANCERS + "lab": {"Listeners": [plain("forwards")]},
                BALANCERS + "old": {"Listeners": [secure("HTTPS", "2016-08", IAM)]},
                BALANCERS + "mixed": {"Listeners": [secure("HTTPS", "2016-08", ACM, IAM), *OURS]},
                BALANCERS + "part": {"Listeners": [plain("in part"), *OURS]},
                BALANCERS + "away": {"Listeners": [plain("elsewhere"), plain("welcome"), *OURS]},
                BALANCERS + "none": {"Listeners": []},
            },
        ),
        "elbv2:DescribeRules": by(
            "ListenerArn",
            {
                "sent on": rules([REFUSED], [TO_HTTPS]),
                "forwards": rules([FORWARD]),
                "in part": rules([{**FORWARD, "Order": 2}, LOG_IN], [TO_HTTPS]),
                "elsewhere": rules([ELSEWHERE]),
                "welcome": rules([WELCOME]),
            },
        ),
        "elbv2:DescribeSSLPolicies": POLICIES,
    },
)


def test_application_load_balancers() -> None:
    told = [
        ("ehr", True, "TLSv1.2", True),
        ("lab", False, None, None),
        ("old", True, "TLSv1.0", False),
        ("mixed", True, "TLSv1.0", False),
        ("part", False, "TLSv1.2", True),
        ("away", False, "TLSv1.2", True),
        ("none", True, None, None),
    ]
    assert observe(application_load_balancers, APPLICATION) == [
        LoadBalancer(resource=BALANCERS + name, tls_required=required, min_tls=least, acm_certificates=acm)
        for name, required, least, acm in told
    ]


def test_a_listener_that_answers_with_welcome_does_not_turn_away() -> None:
    answers = {
        **APPLICATION,
        "elbv2:DescribeLoadBalancers": {"LoadBalancers": balancers("application", "ehr")},
        "elbv2:DescribeRules": rules([WELCOME]),
    }

    (seen,) = observe(application_load_balancers, answers)

    assert seen == LoadBalancer(
        resource=BALANCERS + "ehr", tls_required=False, min_tls="TLSv1.2", acm_certificates=True
    )


def test_a_balancer_whose_rules_are_hidden_is_a_refusal_of_that_balancer() -> None:
    sight = look(application_load_balancers, APPLICATION, denied=["elbv2:DescribeRules"])

    assert [facts.resource for facts in sight.facts] == [
        BALANCERS + name for name in ("old", "mixed", "none")
    ]


NETWORK = world(
    network_load_balancers,
    {
        "elbv2:DescribeLoadBalancers": {
            "LoadBalancers": [*balancers("network", "hl7", "dicom"), *balancers("application", "ehr")]
        },
        "elbv2:DescribeListeners": by(
            "LoadBalancerArn",
            {
                BALANCERS + "hl7": {
                    "Listeners": [plain("raw", "TCP"), secure("TLS", "TLS13-1-3-2021-06", ACM)]
                },
                BALANCERS + "dicom": {"Listeners": [plain("raw", "TCP"), plain("time", "UDP")]},
            },
        ),
        "elbv2:DescribeSSLPolicies": POLICIES,
    },
)


def test_network_load_balancers() -> None:
    assert observe(network_load_balancers, NETWORK) == [
        LoadBalancer(resource=BALANCERS + "hl7", tls_required=True, min_tls="TLSv1.3", acm_certificates=True),
    ]


def classic(name: str, *listeners: tuple[str, list[str], str | None]) -> dict[str, Any]:
    return {
        "LoadBalancerName": name,
        "ListenerDescriptions": [
            {
                "Listener": {"Protocol": protocol, "LoadBalancerPort": 443}
                | ({"SSLCertificateId": certificate} if certificate else {}),
                "PolicyNames": names,
            }
            for protocol, names, certificate in listeners
        ],
    }


def negotiates(name: str, **protocols: bool) -> dict[str, Any]:
    return {
        "PolicyName": name,
        "PolicyTypeName": "SSLNegotiationPolicyType",
        "PolicyAttributeDescriptions": [
            {"AttributeName": "Reference-Security-Policy", "AttributeValue": name},
            {"AttributeName": "AES128-SHA", "AttributeValue": "true"},
        ]
        + [
            {"AttributeName": f"Protocol-{protocol.replace('_', '.')}", "AttributeValue": str(on).lower()}
            for protocol, on in protocols.items()
        ],
    }


STICKY = {"PolicyName": "sticky", "PolicyTypeName": "AppCookieStickinessPolicyType"}
CLASSIC = world(
    classic_load_balancers,
    {
        "elb:DescribeLoadBalancers": {
            "LoadBalancerDescriptions": [
                classic("ehr", ("HTTPS", ["sticky", "new"], ACM)),
                classic("lab", ("HTTP", [], None), ("SSL", ["old", "new"], IAM)),
                classic("ssl3", ("HTTPS", ["ancient"], ACM)),
                classic("bare", ("HTTPS", [], ACM)),
                classic("raw", ("TCP", [], None)),
            ]
        },
        "elb:DescribeLoadBalancerPolicies": {
            "PolicyDescriptions": [
                STICKY,
                negotiates("new", SSLv3=False, TLSv1=False, TLSv1_1=False, TLSv1_2=True),
                negotiates("old", SSLv3=False, TLSv1=False, TLSv1_1=True, TLSv1_2=True),
                negotiates("ancient", SSLv3=True, TLSv1=True, TLSv1_2=True),
            ]
        },
    },
)


def test_classic_load_balancers() -> None:
    told = [
        ("ehr", True, "TLSv1.2", True),
        ("lab", False, "TLSv1.1", False),
        ("ssl3", True, None, True),
        ("bare", True, "TLSv1.0", True),
        ("raw", False, None, None),
    ]
    assert observe(classic_load_balancers, CLASSIC) == [
        LoadBalancer(resource=BALANCERS + name, tls_required=required, min_tls=least, acm_certificates=acm)
        for name, required, least, acm in told
    ]


def origin(policy: str | None = None, *protocols: str, **more: Any) -> dict[str, Any]:
    custom = {"OriginProtocolPolicy": policy, "OriginSslProtocols": {"Items": list(protocols)}}
    return {"Id": "o", **({"CustomOriginConfig": custom} if policy else {}), **more}


def distribution(
    name: str,
    default: str,
    *others: str,
    least: str | None = None,
    origins: tuple[dict[str, Any], ...] = (),
    on: bool = True,
) -> dict[str, Any]:
    shown = {"MinimumProtocolVersion": least} if least else {"CloudFrontDefaultCertificate": True}
    return {
        "ARN": f"arn:aws:cloudfront::111122223333:distribution/{name}",
        "Enabled": on,
        "DefaultCacheBehavior": {"ViewerProtocolPolicy": default},
        "CacheBehaviors": {"Items": [{"ViewerProtocolPolicy": other} for other in others]} if others else {},
        "ViewerCertificate": shown,
        "Origins": {"Items": list(origins)},
    }


BUCKET = origin(S3OriginConfig={"OriginAccessIdentity": ""})
INSIDE = origin(VpcOriginConfig={"VpcOriginId": "vo-1"})
DISTRIBUTIONS = world(
    cloudfront_distributions,
    {
        "cloudfront:ListDistributions": {
            "DistributionList": {
                "Items": [
                    distribution(
                        "portal",
                        "redirect-to-https",
                        "https-only",
                        least="TLSv1.2_2021",
                        origins=(BUCKET, INSIDE, origin("https-only", "TLSv1.1", "TLSv1.2")),
                    ),
                    distribution("open", "https-only", "allow-all", least="TLSv1.3_2025", origins=(BUCKET,)),
                    distribution("default", "https-only", origins=(origin("http-only", "TLSv1"),)),
                    distribution(
                        "old",
                        "https-only",
                        least="SSLv3",
                        origins=(origin("match-viewer", "SSLv3", "TLSv1"),),
                    ),
                    distribution("off", "allow-all", on=False),
                ]
            }
        }
    },
)


def test_cloudfront_distributions() -> None:
    told = [
        ("portal", True, "TLSv1.2", True, "TLSv1.1"),
        ("open", False, "TLSv1.3", False, None),
        ("default", True, "TLSv1.0", False, None),
        ("old", True, None, True, None),
    ]
    assert observe(cloudfront_distributions, DISTRIBUTIONS) == [
        Distribution(
            resource=f"arn:aws:cloudfront::111122223333:distribution/{name}",
            tls_required=required,
            min_tls=least,
            origins_tls_required=origins,
            origin_min_tls=origin_least,
        )
        for name, required, least, origins, origin_least in told
    ]


API = "arn:aws:apigateway:us-east-1::/"
STAGES = world(
    rest_api_stages,
    {
        "apigateway:GetRestApis": {
            "items": [
                {"id": "a1", "securityPolicy": "SecurityPolicy_TLS13_1_2_2021_06"},
                {"id": "a2", "endpointConfiguration": {"types": ["EDGE"]}},
                {"id": "a3", "endpointConfiguration": {"types": ["PRIVATE"]}},
            ]
        },
        "apigateway:GetStages": by(
            "restApiId",
            {
                "a1": {
                    "item": [
                        {"stageName": "live", "clientCertificateId": "c1", "tags": {"phi": "true"}},
                        {"stageName": "test"},
                    ]
                },
                "a2": {"item": [{"stageName": "live"}]},
                "a3": {"item": [{"stageName": "live"}]},
            },
        ),
    },
)


def test_rest_api_stages() -> None:
    def stage(name: str, least: Any, *, certificate: bool = False, **tags: str) -> ApiStage:
        return ApiStage(
            resource=f"{API}restapis/{name}",
            tls_required=True,
            min_tls=least,
            backend_certificate=certificate,
            tags=tags,
        )

    assert observe(rest_api_stages, STAGES) == [
        stage("a1/stages/live", "TLSv1.2", certificate=True, phi="true"),
        stage("a1/stages/test", "TLSv1.2"),
        stage("a2/stages/live", "TLSv1.0"),
        stage("a3/stages/live", "TLSv1.2"),
    ]


DOMAINS = world(
    api_domains,
    {
        "apigateway:GetDomainNames": {
            "items": [
                {
                    "domainName": "api.example",
                    "securityPolicy": "TLS_1_2",
                    "mutualTlsAuthentication": {"truststoreUri": "s3://trust/store.pem"},
                    "tags": {"owner": "portal"},
                },
                {"domainName": "old.example"},
                {
                    "domainName": "inside.example",
                    "domainNameArn": f"{API}domainnames/inside.example+d1",
                    "securityPolicy": "SecurityPolicy_TLS13_1_3_2025_09",
                },
            ]
        }
    },
)


def test_api_domains() -> None:
    def domain(name: str, least: Any, *, certificate: bool = False, **tags: str) -> ApiDomain:
        return ApiDomain(
            resource=f"{API}domainnames/{name}",
            tls_required=True,
            min_tls=least,
            client_certificate=certificate,
            tags=tags,
        )

    assert observe(api_domains, DOMAINS) == [
        domain("api.example", "TLSv1.2", certificate=True, owner="portal"),
        domain("old.example", "TLSv1.0"),
        domain("inside.example+d1", "TLSv1.3"),
    ]


def deny(*resources: str, action: Any = "s3:*", principal: Any = "*", **conditions: Any) -> dict[str, Any]:
    return {
        "Effect": "Deny",
        "Principal": principal,
        "Action": action,
        "Resource": [f"arn:aws:s3:::{resource}" for resource in resources],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}, **conditions},
    }


def bucket_policy(*statements: dict[str, Any]) -> dict[str, str]:
    return {"Policy": json.dumps({"Version": "2012-10-17", "Statement": list(statements)})}


def listed(*names: str) -> Any:
    buckets = [{"Name": name, "BucketRegion": "eu-west-1"} for name in names]
    return lambda MaxBuckets: {"Buckets": buckets[:MaxBuckets]}  # noqa: N803 - as AWS names it


BUCKETS = world(
    s3_buckets,
    {
        "s3:ListBuckets": listed("scans", "letters"),
        "s3:GetBucketPolicy": by(
            "Bucket",
            {
                "scans": bucket_policy(deny("scans", "scans/*")),
                "letters": Error("NoSuchBucketPolicy"),
            },
        ),
    },
)


def test_s3_buckets() -> None:
    assert observe(s3_buckets, BUCKETS) == [
        InTransit(resource="arn:aws:s3:::scans", region="eu-west-1", tls_required=True, min_tls="TLSv1.2"),
        InTransit(resource="arn:aws:s3:::letters", region="eu-west-1", tls_required=False, min_tls="TLSv1.2"),
    ]


@pytest.mark.parametrize(
    ("statements", "required"),
    [
        ([deny("scans"), deny("scans/*", principal={"AWS": "*"})], True),
        ([deny("*", action="*")], True),
        ([deny("scans*", BoolIfExists={"aws:PrincipalIsAWSService": "false"})], True),
        ([deny("scans/*")], False),
        ([deny("scans", "scans/*", action="s3:PutObject")], False),
        ([deny("scans", "scans/*", principal={"AWS": "111122223333"})], False),
        ([deny("scans", "scans/*", StringEquals={"aws:SourceVpc": "vpc-1"})], False),
        ([deny("scans", "scans/*", Bool={"aws:SecureTransport": "true"})], False),
        ([{**deny("scans", "scans/*"), "Effect": "Allow"}], False),
    ],
)
def test_what_a_bucket_policy_must_deny(statements: list[dict[str, Any]], required: bool) -> None:
    answers = {"s3:ListBuckets": listed("scans"), "s3:GetBucketPolicy": bucket_policy(*statements)}

    assert observe(s3_buckets, answers) == [
        InTransit(resource="arn:aws:s3:::scans", region="eu-west-1", tls_required=required, min_tls="TLSv1.2")
    ]


@pytest.mark.parametrize(
    ("policy", "least"),
    [
        ("TLS_1_0", "TLSv1.0"),
        ("TLS_1_2", "TLSv1.2"),
        ("SecurityPolicy_TLS13_1_3_2025_09", "TLSv1.3"),
        ("SecurityPolicy_TLS13_1_3_FIPS_2025_09", "TLSv1.3"),
        ("SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09", "TLSv1.2"),
        ("SecurityPolicy_TLS13_1_2_2021_06", "TLSv1.2"),
        ("SecurityPolicy_TLS13_2025_EDGE", "TLSv1.3"),
        ("SecurityPolicy_TLS12_PFS_2025_EDGE", "TLSv1.2"),
        ("SecurityPolicy_TLS12_2018_EDGE", "TLSv1.2"),
    ],
)
def test_policies_of_api_gateway(policy: str, least: str) -> None:
    assert aws_policies.api_gateway(policy) == least


@pytest.mark.parametrize(
    ("policy", "least"),
    [
        ("SSLv3", None),
        ("TLSv1", "TLSv1.0"),
        ("TLSv1_2016", "TLSv1.0"),
        ("TLSv1.1_2016", "TLSv1.1"),
        ("TLSv1.2_2025", "TLSv1.2"),
        ("TLSv1.3_2025", "TLSv1.3"),
    ],
)
def test_policies_of_cloudfront(policy: str, least: str | None) -> None:
    assert aws_policies.cloudfront(policy) == least


def test_a_policy_that_is_not_known_is_no_fact() -> None:
    with pytest.raises(ValueError, match="'TLS_9' is a security policy"):
        aws_policies.api_gateway("TLS_9")
