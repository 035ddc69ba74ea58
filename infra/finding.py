"""A cdk-nag finding that is known and meant, with the reason beside the resource."""

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, finding: str, reason: str) -> None:
    """Accept ``finding`` for ``construct`` and what is in it.

    Args:
        construct: where it was found.
        finding: ``AwsSolutions-X`` or ``AwsSolutions-X[detail]``; each detail counts alone.
        reason: why it is right as it is.
    """
    Validations.of(construct).acknowledge(Acknowledgment(id=finding, reason=reason))
