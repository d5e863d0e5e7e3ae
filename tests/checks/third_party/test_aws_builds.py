from checks.third_party import Build
from checks.third_party.aws_builds import codebuild_projects
from scanner.testing import ACCOUNT, observe, world

ARN = f"arn:aws:codebuild:us-east-1:{ACCOUNT}:project/"


def project(name: str, kind: str, location: str = "", **more: object) -> dict[str, object]:
    return {"name": name, "arn": ARN + name, "source": {"type": kind, "location": location}, **more}


def variable(name: str, **more: str) -> dict[str, str]:
    return {"name": name, "value": "never-a-fact", **more}


PROJECTS = [
    project(
        "app",
        "GITHUB",
        "https://github.com/ward/app.git",
        environment={
            "environmentVariables": [
                variable("STAGE", type="PLAINTEXT"),
                variable("AWS_SECRET_ACCESS_KEY"),
                variable("AWS_ACCESS_KEY_ID", type="PLAINTEXT"),
                variable("AWS_SESSION_TOKEN", type="SECRETS_MANAGER"),
                variable("DATABASE", type="PARAMETER_STORE"),
            ]
        },
        tags=[{"key": "owner", "value": "apps"}],
    ),
    project("token", "GITHUB", "https://ghp_0123@github.com/ward/app.git"),
    project("name", "BITBUCKET", "https://nurse@bitbucket.org/ward/app.git"),
    project("password", "BITBUCKET", "https://nurse:secret@bitbucket.org/ward/app.git"),
    project("store", "S3", "ward-bucket/app@2.zip"),
    project(
        "second",
        "CODECOMMIT",
        "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/app",
        secondarySources=[
            {"type": "GITLAB", "location": "https://oauth2:glpat@gitlab.com/ward/library.git"},
            {"type": "GITHUB_ENTERPRISE", "location": "https://git.ward.example/app"},
        ],
    ),
    {"name": "bare", "arn": ARN + "bare"},
]
BUILDS = world(
    codebuild_projects,
    {
        "codebuild:ListProjects": {"projects": [str(each["name"]) for each in PROJECTS]},
        "codebuild:BatchGetProjects": lambda names: {
            "projects": [each for each in PROJECTS if each["name"] in names]
        },
    },
)


def test_codebuild_projects() -> None:
    def build(name: str, *outside: str, credentials: bool = False, **more: tuple[str, ...]) -> Build:
        return Build(
            resource=ARN + name,
            outside_sources=outside,
            source_credentials=credentials,
            plain_variables=more.get("plain", ()),
            plain_aws_keys=more.get("keys", ()),
            tags={"owner": "apps"} if name == "app" else {},
        )

    assert observe(codebuild_projects, BUILDS) == [
        build(
            "app",
            "github",
            plain=("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "STAGE"),
            keys=("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        ),
        build("token", "github", credentials=True),
        build("name", "bitbucket"),
        build("password", "bitbucket", credentials=True),
        build("store"),
        build("second", "github-enterprise", "gitlab", credentials=True),
        build("bare"),
    ]


def test_projects_are_asked_for_by_the_hundred() -> None:
    asked = []

    def told(names: list[str]) -> object:
        asked.append(len(names))
        return {"projects": [{"arn": ARN + name} for name in names]}

    names = [f"p{number:03}" for number in range(201)]
    seen = observe(
        codebuild_projects,
        {
            "codebuild:ListProjects": [{"projects": names[:150]}, {"projects": names[150:]}],
            "codebuild:BatchGetProjects": told,
        },
    )

    assert [facts.resource for facts in seen] == [ARN + name for name in names]
    assert asked == [100, 100, 1]
