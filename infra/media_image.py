"""The media service's image: built from the repository, or one that exists already."""

import re
from pathlib import Path

from aws_cdk import IgnoreMode, Stack
from aws_cdk import aws_ecr_assets as assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.context import Arch, Context

ROOT = Path(__file__).resolve().parents[1]
DOCKERFILE = "media_service/Dockerfile"

_OWN_REGISTRY = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/(?P<name>[^:@]+)"
)


def media_image(scope: Construct, context: Context, execution: iam.Role) -> ecs.ContainerImage:
    """The image of ``-c image=``, or one that ``cdk deploy`` builds and pushes.

    Args:
        scope: where the asset belongs.
        context: the deployment's choices.
        execution: the role that pulls the image; allowed to, if it lies in an ECR of the user's.
    """
    if context.image:
        _let_pull(scope, execution, context.image)
        return ecs.ContainerImage.from_registry(context.image)
    return ecs.ContainerImage.from_docker_image_asset(image_asset(scope, context.arch))


def image_asset(scope: Construct, arch: Arch, root: Path = ROOT) -> assets.DockerImageAsset:
    """The image as an asset, whose hash covers what ``.dockerignore`` lets through and no more.

    So a change of anything else, the README for one, replaces no task, whose calls would have to
    be handed over.
    """
    return assets.DockerImageAsset(
        scope,
        "Image",
        directory=str(root),
        file=DOCKERFILE,
        platform=assets.Platform.LINUX_ARM64 if arch == "arm64" else assets.Platform.LINUX_AMD64,
        ignore_mode=IgnoreMode.DOCKER,
    )


def _let_pull(scope: Construct, execution: iam.Role, image: str) -> None:
    found = _OWN_REGISTRY.match(image)
    if not found:
        return
    repository = Stack.of(scope).format_arn(
        service="ecr",
        account=found["account"],
        region=found["region"],
        resource="repository",
        resource_name=found["name"],
    )
    execution.add_to_policy(
        iam.PolicyStatement(
            actions=[
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:GetDownloadUrlForLayer",
            ],
            resources=[repository],
        )
    )
    execution.add_to_policy(
        iam.PolicyStatement(actions=["ecr:GetAuthorizationToken"], resources=["*"])
    )
