"""What follows when a number comes onto the do-not-call list."""

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from constructs import Construct

from infra.context import Context
from infra.data import Data
from infra.dead_letters import dead_letters
from infra.finding import acknowledge
from infra.product_code import ProductCode
from infra.product_function import ProductFunction
from infra.timing import Timing

# What is not cancelled is refused when it would be dialled: no hurry, and no end of trying.
KEPT = Duration.hours(23)


class OptingOut(Construct):
    """The function that cancels a listed number's schedules, read from the table's stream.

    Attributes:
        function: ``opt_outs``.
        dead_letters: the listings that it could not follow up.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        context: Context,
        *,
        data: Data,
        timing: Timing,
        product: ProductCode,
    ) -> None:
        super().__init__(scope, name)
        self.function = ProductFunction(
            self, "opt_outs", context, product=product,
            timeout=Duration.seconds(60), description="Cancels what was to phone a listed number.",
        )  # fmt: skip
        data.let_use_table(self.function.role)
        timing.let_end_schedules(self.function.role)
        acknowledge(
            self.function.role,
            "AwsSolutions-IAM5[Resource::*]",
            "dynamodb:ListStreams and X-Ray's actions know no resource.",
        )
        self.dead_letters = dead_letters(self, context, "opt-outs")
        self.function.function.add_event_source(
            sources.DynamoEventSource(
                data.table,
                starting_position=lambda_.StartingPosition.TRIM_HORIZON,
                filters=[
                    lambda_.FilterCriteria.filter(
                        {
                            "eventName": lambda_.FilterRule.is_equal("INSERT"),
                            "dynamodb": {"Keys": {"pk": {"S": lambda_.FilterRule.is_equal("DNC")}}},
                        }
                    )
                ],
                report_batch_item_failures=True,
                bisect_batch_on_error=True,
                retry_attempts=100,
                max_record_age=KEPT,
                on_failure=sources.SqsDlq(self.dead_letters),
            )
        )
