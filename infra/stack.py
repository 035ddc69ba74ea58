"""The whole of Dialout as one stack."""

from aws_cdk import CfnOutput, Stack, Tags
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.api import Api
from infra.context import Context
from infra.data import Data


class DialoutStack(Stack):
    """The stack ``Dialout-<env>``: data, and the API with its functions."""

    def __init__(self, scope: Construct, context: Context, code: lambda_.Code) -> None:
        super().__init__(
            scope,
            f"Dialout-{context.env}",
            description="Dialout: AI phone calls from this account.",
            termination_protection=context.production,
        )
        Tags.of(self).add("project", "dialout")
        Tags.of(self).add("environment", context.env)
        self.data = Data(self, "Data", context)
        self.api = Api(self, "Api", context, data=self.data, code=code)
        outputs = {
            "ApiUrl": self.api.url,
            "ApiId": self.api.gateway.api_id,
            "TableName": self.data.table.table_name,
            "RecordingsBucketName": self.data.recordings.bucket_name,
            "PrepareQueueUrl": self.data.prepare_queue.queue_url,
            "TimedQueueUrl": self.data.timed_queue.queue_url,
            "CampaignQueueUrl": self.data.campaign_queue.queue_url,
            "FunctionNames": ",".join(each.name for each in self.api.functions.values()),
        }
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)
