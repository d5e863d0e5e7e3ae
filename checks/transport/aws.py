"""Encryption in transit on AWS, where it lets visitors in."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from scanner import AwsAccount, AwsRegion, Reason, check

from ..semantics import iam
from . import ApiDomain, ApiStage, Distribution, InTransit, LoadBalancer, Version, aws_policies

Item = dict[str, Any]

_BALANCERS = "elbv2:DescribeLoadBalancers"
_LISTENERS = "elbv2:DescribeListeners"
_RULES = "elbv2:DescribeRules"
_POLICIES = "elbv2:DescribeSSLPolicies"


@check(_BALANCERS, _LISTENERS, _RULES, _POLICIES)
def application_load_balancers(region: AwsRegion) -> Iterator[LoadBalancer]:
    """Whether application load balancers listen in TLS only, and from which version on.

    A listener of HTTP counts as turning visitors away if each of its rules sends them on to HTTPS, or answers
    them with an error. Of certificates the default one of each listener is looked at. What the balancer says
    to the machines behind it is another matter.
    """

    def turns_away(listener: Item) -> bool:
        rules = region.all(_RULES, ListenerArn=listener["ListenerArn"])
        return all(_turns_away(rule["Actions"]) for rule in rules)

    def read(balancer: Item) -> LoadBalancer:
        listeners = list(region.all(_LISTENERS, LoadBalancerArn=balancer["LoadBalancerArn"]))
        secure = [listener for listener in listeners if listener["Protocol"] == "HTTPS"]
        plain = [listener for listener in listeners if listener["Protocol"] != "HTTPS"]
        return LoadBalancer(
            resource=balancer["LoadBalancerArn"],
            tls_required=all(turns_away(listener) for listener in plain),
            min_tls=_least(_version(region, listener) for listener in secure),
            acm_certificates=_from_acm(_certificates(secure)),
        )

    balancers = (one for one in region.all(_BALANCERS) if one["Type"] == "application")
    yield from region.each(balancers, read, resource=lambda balancer: balancer["LoadBalancerArn"])


@check(_BALANCERS, _LISTENERS, _POLICIES)
def network_load_balancers(region: AwsRegion) -> Iterator[LoadBalancer]:
    """From which version of TLS on network load balancers let clients in, where they end the TLS themselves.

    Listeners of TCP and UDP pass on what they do not read, so whether that is encrypted is their targets'
    matter: a balancer that has only those is left out.
    """

    def read(balancer: Item) -> tuple[LoadBalancer, ...]:
        listeners = region.all(_LISTENERS, LoadBalancerArn=balancer["LoadBalancerArn"])
        secure = [listener for listener in listeners if listener["Protocol"] == "TLS"]
        if not secure:
            return ()
        seen = LoadBalancer(
            resource=balancer["LoadBalancerArn"],
            tls_required=True,
            min_tls=_least(_version(region, listener) for listener in secure),
            acm_certificates=_from_acm(_certificates(secure)),
        )
        return (seen,)

    balancers = (one for one in region.all(_BALANCERS) if one["Type"] == "network")
    for seen in region.each(balancers, read, resource=lambda balancer: balancer["LoadBalancerArn"]):
        yield from seen


@check("elb:DescribeLoadBalancers", "elb:DescribeLoadBalancerPolicies")
def classic_load_balancers(region: AwsRegion) -> Iterator[LoadBalancer]:
    """Whether classic load balancers listen in TLS only, and from which version on.

    They cannot send visitors on to HTTPS, and a listener of TCP counts as one without TLS, though what it
    passes on unread may be encrypted.
    """

    def read(balancer: Item) -> LoadBalancer:
        described = [each["Listener"] for each in balancer["ListenerDescriptions"]]
        secure = [
            each
            for each in balancer["ListenerDescriptions"]
            if each["Listener"]["Protocol"] in {"HTTPS", "SSL"}
        ]
        return LoadBalancer(
            resource=arn(balancer),
            tls_required=len(secure) == len(described),
            min_tls=_least(_negotiated(policies(balancer), each.get("PolicyNames", ())) for each in secure),
            acm_certificates=_from_acm(each["Listener"].get("SSLCertificateId", "") for each in secure),
        )

    def policies(balancer: Item) -> list[Item]:
        name = balancer["LoadBalancerName"]
        return list(region.all("elb:DescribeLoadBalancerPolicies", LoadBalancerName=name))

    def arn(balancer: Item) -> str:
        return region.arn("elasticloadbalancing", f"loadbalancer/{balancer['LoadBalancerName']}")

    yield from region.each(region.all("elb:DescribeLoadBalancers"), read, resource=arn)


@check("cloudfront:ListDistributions")
def cloudfront_distributions(account: AwsAccount) -> Iterator[Distribution]:
    """Whether CloudFront distributions that are on speak to viewers and origins in TLS only, and in which."""
    for distribution in account.all("cloudfront:ListDistributions"):
        if distribution["Enabled"]:
            yield _distribution(distribution)


@check("apigateway:GetRestApis", "apigateway:GetStages")
def rest_api_stages(region: AwsRegion) -> Iterator[ApiStage]:
    """From which version of TLS on REST APIs let callers in, and whether servers behind them can know them.

    API Gateway takes nothing but TLS. The version is the one set for the API's own address, even where that
    address is turned off; what its domains take is told of them. HTTP APIs take no less than TLS 1.2, which
    nobody can change, and are left out, as are WebSocket APIs.
    """

    def read(api: Item) -> tuple[ApiStage, ...]:
        # What an API has that does not say: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-custom-domain-tls-version.html
        private = "PRIVATE" in api.get("endpointConfiguration", {}).get("types", ())
        policy = api.get("securityPolicy", "TLS_1_2" if private else "TLS_1_0")
        return tuple(
            ApiStage(
                resource=f"{arn(api)}/stages/{stage['stageName']}",
                tls_required=True,
                min_tls=aws_policies.api_gateway(policy),
                backend_certificate=bool(stage.get("clientCertificateId")),
                tags=region.tags(stage.get("tags")),
            )
            for stage in region.all("apigateway:GetStages", restApiId=api["id"])
        )

    def arn(api: Item) -> str:
        return f"arn:{region.partition}:apigateway:{region.name}::/restapis/{api['id']}"

    for stages in region.each(region.all("apigateway:GetRestApis"), read, resource=arn):
        yield from stages


@check("apigateway:GetDomainNames")
def api_domains(region: AwsRegion) -> Iterator[ApiDomain]:
    """From which version of TLS on APIs let callers in who come by a domain of the customer's own."""
    for domain in region.all("apigateway:GetDomainNames"):
        plain = f"arn:{region.partition}:apigateway:{region.name}::/domainnames/{domain['domainName']}"
        yield ApiDomain(
            resource=domain.get("domainNameArn") or plain,
            tls_required=True,
            min_tls=aws_policies.api_gateway(domain.get("securityPolicy", "TLS_1_0")),
            client_certificate=bool(domain.get("mutualTlsAuthentication", {}).get("truststoreUri")),
            tags=region.tags(domain.get("tags")),
        )


@check("s3:ListBuckets", "s3:GetBucketPolicy")
def s3_buckets(account: AwsAccount) -> Iterator[InTransit]:
    """Whether buckets turn away, by their policy, whoever comes without TLS, whatever is asked of them.

    No TLS before 1.2 is taken: https://docs.aws.amazon.com/AmazonS3/latest/userguide/network-isolation.html.
    """

    def read(bucket: Item) -> InTransit:
        where = bucket.get("BucketRegion")
        answer = account.call(
            "s3:GetBucketPolicy", absent="NoSuchBucketPolicy", region=where, Bucket=bucket["Name"]
        )
        return InTransit(
            resource=arn(bucket),
            region=where,
            tls_required=answer is not None and _denies_plain(answer["Policy"], arn(bucket)),
            min_tls="TLSv1.2",
        )

    def arn(bucket: Item) -> str:
        return f"arn:{account.partition}:s3:::{bucket['Name']}"

    # S3 tells where a bucket is only when it is asked for pages.
    yield from account.each(account.all("s3:ListBuckets", MaxBuckets=1000), read, resource=arn)


_PLAIN: iam.Context = {
    "aws:securetransport": (("false",),),
    # Services of AWS come in TLS, so that a policy may leave them out.
    "aws:principalisawsservice": (("false",),),
}
"""A request without TLS, of which nothing else is known."""


def _denies_plain(policy: str, arn: str) -> bool:
    """Whether nobody may do anything with a bucket, or with what is in it, without TLS."""
    denies = [
        statement
        for statement in iam.statements(policy)
        if not statement.allow
        and not statement.but_principals
        and any(principal.kind == "everyone" for principal in statement.principals)
        and statement.actions.covers(iam.Names(("s3:*",)))
        and iam.under(_PLAIN, statement)
    ]
    return all(
        any(statement.resources.covers(iam.Names((resource,))) for statement in denies)
        for resource in (arn, f"{arn}/*")
    )


def _turns_away(actions: Iterable[Item]) -> bool:
    """Whether whoever meets these actions is sent on to HTTPS, or is answered with an error."""
    last = max(actions, key=lambda action: action.get("Order", 0))
    if last["Type"] == "redirect":
        # What the balancer does not name it keeps as it was, as in #{protocol}.
        redirect: Item = last.get("RedirectConfig", {})
        return bool(redirect.get("Protocol", "#{protocol}") == "HTTPS")
    if last["Type"] == "fixed-response":
        status: str = last.get("FixedResponseConfig", {}).get("StatusCode", "")
        return status.startswith(("4", "5"))
    return False


def _version(region: AwsRegion, listener: Item) -> Version | None:
    """The oldest version of TLS that a listener takes, as AWS tells of the policy that it names."""
    known = {policy["Name"]: policy["SslProtocols"] for policy in region.all(_POLICIES)}
    named = listener["SslPolicy"]
    if named not in known:
        raise region.refuse(_POLICIES, Reason.INVALID_ANSWER, f"does not list {named}", "scan again")
    return aws_policies.oldest(known[named])


def _least(versions: Iterable[Version | None]) -> Version | None:
    """The oldest of these; none where one of them has none, or there are none."""
    seen = list(versions)
    known = [version for version in seen if version is not None]
    return min(known) if known and len(known) == len(seen) else None


def _negotiated(policies: Iterable[Item], names: Iterable[str]) -> Version | None:
    """The oldest version of TLS that a classic load balancer's policies of these names take."""
    chosen = [
        policy
        for policy in policies
        if policy["PolicyTypeName"] == "SSLNegotiationPolicyType" and policy["PolicyName"] in set(names)
    ]
    if not chosen:
        # https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/elb-security-policy-table.html
        return "TLSv1.0"
    return aws_policies.oldest(
        attribute["AttributeName"].removeprefix("Protocol-")
        for policy in chosen
        for attribute in policy["PolicyAttributeDescriptions"]
        if attribute["AttributeName"].startswith("Protocol-") and attribute["AttributeValue"] == "true"
    )


def _certificates(listeners: Iterable[Item]) -> Iterator[str]:
    for listener in listeners:
        for certificate in listener.get("Certificates", ()):
            yield certificate["CertificateArn"]


def _from_acm(certificates: Iterable[str]) -> bool | None:
    seen = list(certificates)
    return all(certificate.split(":")[2:3] == ["acm"] for certificate in seen) if seen else None


def _distribution(distribution: Item) -> Distribution:
    behaviors = [distribution["DefaultCacheBehavior"], *distribution["CacheBehaviors"].get("Items", ())]
    required = all(behavior["ViewerProtocolPolicy"] != "allow-all" for behavior in behaviors)
    certificate = distribution["ViewerCertificate"]
    # Whatever is set, a distribution that shows CloudFront's own certificate takes TLS 1.0:
    # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ViewerCertificate.html
    own = certificate.get("CloudFrontDefaultCertificate", False)
    policy = "TLSv1" if own else certificate["MinimumProtocolVersion"]
    origins = [origin for origin in distribution["Origins"]["Items"] if "VpcOriginConfig" not in origin]
    protocols = [
        protocol
        for origin in origins
        if _origin_policy(origin) != "http-only" and "CustomOriginConfig" in origin
        for protocol in origin["CustomOriginConfig"]["OriginSslProtocols"]["Items"]
    ]
    return Distribution(
        resource=distribution["ARN"],
        tls_required=required,
        min_tls=aws_policies.cloudfront(policy),
        origins_tls_required=all(
            _origin_policy(origin) == "https-only" or (required and _origin_policy(origin) == "match-viewer")
            for origin in origins
        ),
        origin_min_tls=aws_policies.oldest(protocols),
    )


def _origin_policy(origin: Mapping[str, Any]) -> str:
    """How CloudFront fetches from an origin; from a bucket, in whatever the viewer speaks."""
    policy: str = origin.get("CustomOriginConfig", {}).get("OriginProtocolPolicy", "match-viewer")
    return policy
