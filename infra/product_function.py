"""A Lambda function of the product: the shared zip, its own role, its own log."""

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.context import Context
from infra.finding import acknowledge
from infra.log_group import log_group
from infra.product_code import ProductCode

# At 1769 MB a function has one whole processor, and a cold start is all processor: half a second
# of boto3 there takes 1.7 s at 512 MB. The price per call is about the same, as it ends sooner.
ONE_PROCESSOR_MB = 1769

# At most so many of each at once (`-c reserved=on`): whatever a stranger's slow webhook or a crowd
# of readers does, the rest of the account's concurrency is left to the people on the line, whom
# `twiml` serves. Off by default: a new account has 10 in all, and AWS lets nobody reserve of those.
RESERVED = {
    "events": 5, "debrief": 5, "announcer": 10, "sweeper": 1, "campaign_pump": 1,
    "call_records": 50,
}  # fmt: skip

# By name: a start is spared a look through every package for Pydantic's plugins; there are none.
START = {"PYDANTIC_DISABLE_PLUGINS": "__all__"}


class ProductFunction(Construct):
    """The function ``dialout-<env>-<name>`` that runs ``functions.<module>.handler``.

    Its role may write its own log and traces, and nothing more until something is granted.

    Attributes:
        name: the function's.
    """

    def __init__(
        self,
        scope: Construct,
        module: str,
        context: Context,
        *,
        product: ProductCode,
        timeout: Duration,
        description: str,
        memory_mb: int = ONE_PROCESSOR_MB,
    ) -> None:
        super().__init__(scope, module.title().replace("_", ""))
        self.name = f"{context.name}-{module.replace('_', '-')}"
        self.log = log_group(self, context, f"/aws/lambda/{self.name}")
        # The managed basic role may write every log of the account; this one only its own.
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.log.grant_write(self.role)
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
            code=product.code,
            role=self.role,
            log_group=self.log,
            logging_format=lambda_.LoggingFormat.TEXT,  # Powertools already writes JSON.
            memory_size=memory_mb,
            timeout=timeout,
            reserved_concurrent_executions=RESERVED.get(module) if context.reserved else None,
            tracing=lambda_.Tracing.ACTIVE,
            environment={
                "POWERTOOLS_LOG_LEVEL": "INFO",
                **START,
                **product.environment,
                "POWERTOOLS_SERVICE_NAME": module,
            },
        )
        acknowledge(
            self.role,
            "AwsSolutions-IAM5[Resource::*]",
            "X-Ray's PutTraceSegments and PutTelemetryRecords know no resource.",
        )
        acknowledge(
            self.function,
            "AwsSolutions-L1",
            "The runtime is pinned to the Python that the dependencies are built for.",
        )
