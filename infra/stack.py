"""The whole of Dialout as one stack."""

from aws_cdk import CfnOutput, Stack, Tags
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.api import Api
from infra.campaigns import Campaigns
from infra.context import Context
from infra.data import Data
from infra.debriefing import Debriefing
from infra.dialing import Dialing
from infra.entrance import entrance
from infra.events import EventBus, Events
from infra.gateway import Gateway
from infra.media import Media
from infra.network import Network
from infra.observability import Observability
from infra.opting_out import OptingOut
from infra.product_code import ProductCode, settings_of
from infra.scaling import Scaling
from infra.timing import Timing


class DialoutStack(Stack):
    """The stack ``Dialout-<env>``.

    First what has an address, then, with all addresses as settings, what runs our code.
    """

    def __init__(self, scope: Construct, context: Context, code: lambda_.Code) -> None:
        super().__init__(
            scope,
            f"Dialout-{context.env}",
            description="Dialout: AI phone calls from this account.",
            termination_protection=context.production,
        )
        Tags.of(self).add("project", "dialout")
        Tags.of(self).add("environment", context.env)
        self._context = context
        self.data = Data(self, "Data", context)
        self.network = Network(self, "Network", context)
        self.entrance = entrance(self, context, self.network)
        self.gateway = Gateway(self, "Gateway", context)
        self.bus = EventBus(self, "EventBus", context).bus
        self._run(code)
        self._observe()
        self._tell()

    def _run(self, code: lambda_.Code) -> None:
        context, data, balancer = self._context, self.data, self.entrance.balancer
        self.timing = Timing(self, "Timing", context, data=data)
        environment = settings_of(
            context,
            data,
            api_url=self.gateway.url,
            ws_url=self.entrance.ws_url,
            event_bus=self.bus.event_bus_name,
            schedules=self.timing.settings,
        )
        product = ProductCode(code, environment)
        self.api = Api(self, "Api", context, gateway=self.gateway, data=data, product=product)
        self.events = Events(self, "Events", context, data=data, bus=self.bus, product=product)
        self.timing.sweep(product)
        self.timing.let_schedule(self.api.functions["schedules"].role)
        self.dialing = Dialing(
            self, "Dialing", context,
            data=data, undelivered=self.timing.schedule_dead_letters, product=product,
        )  # fmt: skip
        # A schedule that is over and fires all the same is taken back where that is noticed.
        self.timing.let_end_schedules(self.dialing.dialer.role)
        self.opting_out = OptingOut(
            self, "OptingOut", context, data=data, timing=self.timing, product=product
        )
        self.debriefing = Debriefing(
            self, "Debriefing", context, data=data, bus=self.bus, product=product
        )
        self.campaigns = Campaigns(
            self, "Campaigns", context, data=data, bus=self.bus, product=product
        )
        self.media = Media(
            self, "Media", context,
            network=self.network, balancer=balancer, data=data, environment=environment,
        )  # fmt: skip
        # An agent's tool promises to call back.
        self.timing.let_schedule(self.media.role)
        Scaling(self, "Scaling", context, self.media.service)
        self._ws_url = environment["DIALOUT_PUBLIC_WS_URL"]
        self._functions = {
            **self.api.functions,
            **self.events.functions,
            **self.campaigns.functions,
            "debrief": self.debriefing.function,
            "dialer": self.dialing.dialer,
            "opt_outs": self.opting_out.function,
            "sweeper": self.timing.sweeper,
        }

    def _observe(self) -> None:
        self.observability = Observability(
            self, "Observability", self._context,
            functions=self._functions,
            dead_letters={
                **self.data.dead_letters,
                **self.events.dead_letters,
                "schedule": self.timing.schedule_dead_letters,
                "opt-outs": self.opting_out.dead_letters,
                "debrief": self.debriefing.dead_letters,
                "campaign-reports": self.campaigns.dead_letters,
            },
            media=self.media,
            balancer=self.entrance.balancer,
        )  # fmt: skip

    def _tell(self) -> None:
        outputs = {
            "ApiUrl": self.gateway.url,
            "WsUrl": self._ws_url,
            "DashboardUrl": self.observability.dashboard_url,
            "ApiId": self.gateway.api.api_id,
            "TableName": self.data.table.table_name,
            "RecordingsBucketName": self.data.recordings.bucket_name,
            "PrepareQueueUrl": self.data.prepare_queue.queue_url,
            "TimedQueueUrl": self.data.timed_queue.queue_url,
            "CampaignQueueUrl": self.data.campaign_queue.queue_url,
            "EventBusName": self.bus.event_bus_name,
            "ScheduleGroupName": self.timing.group.schedule_group_name,
            "ScheduleRoleArn": self.timing.role.role_arn,
            "ScheduleDeadLettersArn": self.timing.schedule_dead_letters.queue_arn,
            "TimedQueueArn": self.data.timed_queue.queue_arn,
            "FunctionNames": ",".join(each.name for each in self._functions.values()),
            # Where the DNS records of own domains must point.
            "WsDomainTarget": self.entrance.target,
            "ApiDomainTarget": self.gateway.target,
        }
        for name, value in outputs.items():
            if value is not None:
                CfnOutput(self, name, value=value)
