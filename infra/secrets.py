"""The environment's SecureStrings, and who may read them."""

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from infra.context import Context
from infra.finding import acknowledge


def let_read_secrets(role: iam.Role, context: Context) -> None:
    """Allow ``role`` to read and decrypt what lies under the environment's prefix."""
    stack = Stack.of(role)
    prefix = stack.format_arn(
        service="ssm", resource="parameter", resource_name=context.parameter_prefix[1:]
    )
    key = stack.format_arn(service="kms", resource="key", resource_name="*")
    role.add_to_policy(
        iam.PolicyStatement(
            actions=["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"],
            resources=[prefix, f"{prefix}/*"],
        )
    )
    acknowledge(
        role,
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:"
        f"parameter{context.parameter_prefix}/*]",
        "The secrets of this environment, which GetParametersByPath reads together.",
    )
    # SSM's key has no name in an ARN; the conditions hold the grant to these parameters.
    role.add_to_policy(
        iam.PolicyStatement(
            actions=["kms:Decrypt"],
            resources=[key],
            conditions={
                "StringEquals": {"kms:ViaService": f"ssm.{stack.region}.amazonaws.com"},
                "StringLike": {"kms:EncryptionContext:PARAMETER_ARN": f"{prefix}/*"},
            },
        )
    )
    acknowledge(
        role,
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:kms:<AWS::Region>:<AWS::AccountId>:"
        "key/*]",
        "Only for SSM, and only for this environment's parameters: see the conditions.",
    )
