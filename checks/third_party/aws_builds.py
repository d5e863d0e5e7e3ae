"""Third parties on AWS: where builds come from, and what they carry."""

import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

from scanner import AwsRegion, check

from . import Build

_BATCH = 100
"""How many projects CodeBuild tells of in one answer."""

_OUTSIDE = {
    "BITBUCKET": "bitbucket",
    "GITHUB": "github",
    "GITHUB_ENTERPRISE": "github-enterprise",
    "GITLAB": "gitlab",
    "GITLAB_SELF_MANAGED": "gitlab-self-managed",
}

_LOGIN = re.compile(r"^[a-z][a-z0-9+.-]*://(?P<login>[^/@]+)@", re.IGNORECASE)

# https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html
_AWS_KEYS = frozenset({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"})


@check("codebuild:ListProjects", "codebuild:BatchGetProjects")
def codebuild_projects(region: AwsRegion) -> Iterator[Build]:
    """Where CodeBuild projects get their source from, and whether credentials lie open in them."""
    for project in _projects(region):
        sources = [project.get("source") or {}, *(project.get("secondarySources") or ())]
        variables = (project.get("environment") or {}).get("environmentVariables") or ()
        # Others hold the name of a secret or parameter.
        # https://docs.aws.amazon.com/codebuild/latest/APIReference/API_EnvironmentVariable.html
        plain = sorted(each["name"] for each in variables if each.get("type", "PLAINTEXT") == "PLAINTEXT")
        yield Build(
            resource=project["arn"],
            outside_sources=tuple(
                sorted({_OUTSIDE[source["type"]] for source in sources if source.get("type") in _OUTSIDE})
            ),
            source_credentials=any(_carries_login(source) for source in sources),
            plain_variables=tuple(plain),
            plain_aws_keys=tuple(name for name in plain if name in _AWS_KEYS),
            tags=region.tags(project.get("tags")),
        )


def _projects(region: AwsRegion) -> Iterator[dict[str, Any]]:
    names: list[Any] = list(region.all("codebuild:ListProjects"))
    batches = (names[start : start + _BATCH] for start in range(0, len(names), _BATCH))
    return chain.from_iterable(
        region.call("codebuild:BatchGetProjects", names=batch)["projects"] for batch in batches
    )


def _carries_login(source: dict[str, Any]) -> bool:
    """Whether an address carries a secret: Bitbucket's own addresses carry a user's name and nothing more."""
    found = _LOGIN.match(source.get("location") or "")
    return found is not None and (source["type"] != "BITBUCKET" or ":" in found["login"])
