"""A Lambda function of the product: the shared zip, its own role, its own log."""

from collections.abc import Mapping

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.context import Context
from infra.finding import acknowledge

# At 1769 MB a function has one whole processor, and a cold start is all processor: half a second
# of boto3 there takes 1.7 s at 512 MB. The price per call is about the same, as it ends sooner.
ONE_PROCESSOR_MB = 1769


class ProductFunction(Construct):
    """The function ``dialout-<env>-<name>`` that runs ``functions.<module>.handler``.

    Its role may write its own log and traces, and nothing more until something is granted.
    """

    def __init__(
        self,
        scope: Construct,
        module: str,
        context: Context,
        *,
        code: lambda_.Code,
        environment: Mapping[str, str],
        timeout: Duration,
        description: str,
        memory_mb: int = ONE_PROCESSOR_MB,
    ) -> None:
        super().__init__(scope, module.title().replace("_", ""))
        self.name = f"{context.name}-{module.replace('_', '-')}"
        log = logs.LogGroup(
            self,
            "Log",
            log_group_name=f"/aws/lambda/{self.name}",
            retention=(
                logs.RetentionDays.THREE_MONTHS
                if context.production
                else logs.RetentionDays.TWO_WEEKS
            ),
            removal_policy=(RemovalPolicy.RETAIN if context.production else RemovalPolicy.DESTROY),
        )
        # The managed basic role may write every log of the account; this one only its own.
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log.grant_write(role)
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=self.name,
            description=description,
            runtime=lambda_.Runtime(f"python{context.python}", lambda_.RuntimeFamily.PYTHON),
            architecture=(
                lambda_.Architecture.ARM_64
                if context.arch == "arm64"
                else lambda_.Architecture.X86_64
            ),
            handler=f"functions.{module}.handler",
            code=code,
            role=role,
            log_group=log,
            logging_format=lambda_.LoggingFormat.TEXT,  # Powertools already writes JSON.
            memory_size=memory_mb,
            timeout=timeout,
            tracing=lambda_.Tracing.ACTIVE,
            environment={
                "POWERTOOLS_LOG_LEVEL": "INFO",
                **environment,
                "POWERTOOLS_SERVICE_NAME": module,
            },
        )
        acknowledge(
            role,
            "AwsSolutions-IAM5[Resource::*]",
            "X-Ray's PutTraceSegments and PutTelemetryRecords know no resource.",
        )
        acknowledge(
            self.function,
            "AwsSolutions-L1",
            "The runtime is pinned to the Python that the dependencies are built for.",
        )

    def let_read_secrets(self, context: Context) -> None:
        """Allow the environment's SecureStrings to be read and decrypted."""
        stack = Stack.of(self)
        prefix = stack.format_arn(
            service="ssm", resource="parameter", resource_name=context.parameter_prefix[1:]
        )
        key = stack.format_arn(service="kms", resource="key", resource_name="*")
        self.function.add_to_role_policy(
            iam.PolicyStatement(
                actions=["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"],
                resources=[prefix, f"{prefix}/*"],
            )
        )
        acknowledge(
            self,
            "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:"
            f"parameter{context.parameter_prefix}/*]",
            "The secrets of this environment, which GetParametersByPath reads together.",
        )
        # SSM's key has no name in an ARN; the conditions hold the grant to these parameters.
        self.function.add_to_role_policy(
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
            self,
            "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:kms:<AWS::Region>:<AWS::AccountId>:"
            "key/*]",
            "Only for SSM, and only for this environment's parameters: see the conditions.",
        )
