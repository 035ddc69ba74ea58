"""How many media tasks run."""

from aws_cdk import Duration, TimeZone
from aws_cdk import aws_applicationautoscaling as autoscaling
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from infra.context import Context
from infra.metrics import active_calls

# A new task takes two minutes to come; the seats above this bridge them. What outgrows even
# these is refused at dial time, not put on a full task.
USED_SEATS = 0.6


class Scaling(Construct):
    """Keeps the average of calls per task at 60 % of its seats.

    The average, which every task reports each minute, with 0 too: the maximum would never fall,
    as long as one task is busy.
    """

    def __init__(
        self, scope: Construct, name: str, context: Context, service: ecs.FargateService
    ) -> None:
        super().__init__(scope, name)
        tasks = service.auto_scale_task_count(
            min_capacity=context.min_tasks, max_capacity=context.max_tasks
        )
        tasks.scale_to_track_custom_metric(
            "ActiveCalls",
            policy_name=f"{context.name}-active-calls",
            metric=active_calls(context),
            target_value=USED_SEATS * context.seats_per_task,
            scale_out_cooldown=Duration.seconds(60),
            # A task that goes hands its calls over: not more often than it must.
            scale_in_cooldown=Duration.minutes(10),
        )
        for number, minimum in enumerate(context.scheduled_minimums, start=1):
            tasks.scale_on_schedule(
                f"Minimum{number}",
                schedule=autoscaling.Schedule.expression(minimum.schedule),
                time_zone=TimeZone.of(minimum.time_zone),
                min_capacity=minimum.tasks,
            )
