"""Third parties, told from accounts of one's own by what was scanned together."""

from collections.abc import Iterator

from scanner import Evidence, check

from . import ForeignAccounts

_SHARING = (
    "third_party.aws.efs_file_systems",
    "third_party.aws.opensearch_domains",
    "third_party.aws.roles",
    "third_party.aws_buckets.s3_buckets",
    "third_party.aws_policies.backup_vaults",
    "third_party.aws_policies.ecr_repositories",
    "third_party.aws_policies.kms_keys",
    "third_party.aws_policies.lambda_functions",
    "third_party.aws_policies.secrets",
    "third_party.aws_policies.sns_topics",
    "third_party.aws_policies.sqs_queues",
    "third_party.aws_sharing.machine_images",
    "third_party.aws_sharing.rds_cluster_snapshots",
    "third_party.aws_sharing.rds_snapshots",
    "third_party.aws_sharing.redshift_snapshots",
    "third_party.aws_sharing.ssm_documents",
)


@check(*_SHARING)
def foreign_accounts(evidence: Evidence) -> Iterator[ForeignAccounts]:
    """The accounts outside the house to which something in it was given by name.

    An account is of the house when the same run was to look at it: name all of them as targets, or have them
    found with `organization: true`. One observation for each thing that was given to any other account.
    """
    for name in _SHARING:
        for shared in evidence.all(name):
            given = shared.facts["external_accounts"]
            own = [account for account in given if f"aws:{account}" in evidence.targets]
            if given:
                yield ForeignAccounts(
                    resource=shared.resource,
                    region=shared.region,
                    links=shared.links,
                    seen_by=name,
                    foreign_accounts=tuple(account for account in given if account not in own),
                    own_accounts=tuple(own),
                )
