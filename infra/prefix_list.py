"""CloudFront's addresses, as the region knows them."""

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import custom_resources as custom
from constructs import Construct

from infra.finding import acknowledge

NAME = "com.amazonaws.global.cloudfront.origin-facing"


class PrefixList(Construct):
    """The managed prefix list of what CloudFront calls origins from.

    Its id differs from region to region. It is asked for while the stack is deployed: CDK's own
    look-up needs an account at synthesis.

    Attributes:
        list_id: ``pl-…``.
    """

    def __init__(self, scope: Construct, name: str) -> None:
        super().__init__(scope, name)
        log = logs.LogGroup(
            self,
            "Log",
            retention=logs.RetentionDays.TWO_WEEKS,
            removal_policy=RemovalPolicy.DESTROY,
        )
        # The managed basic role may write every log of the account; this one only its own.
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log.grant_write(role)
        found = custom.AwsCustomResource(
            self,
            "Found",
            resource_type="Custom::PrefixList",
            role=role,
            log_group=log,
            timeout=Duration.minutes(2),
            # The runtime's own is enough for a call as old as this one.
            install_latest_aws_sdk=False,
            on_update=custom.AwsSdkCall(
                service="EC2",
                action="DescribeManagedPrefixLists",
                parameters={"Filters": [{"Name": "prefix-list-name", "Values": [NAME]}]},
                output_paths=["PrefixLists.0.PrefixListId"],
                physical_resource_id=custom.PhysicalResourceId.of(NAME),
            ),
            policy=custom.AwsCustomResourcePolicy.from_statements(
                [iam.PolicyStatement(actions=["ec2:DescribeManagedPrefixLists"], resources=["*"])]
            ),
        )
        self.list_id = found.get_response_field("PrefixLists.0.PrefixListId")
        for construct in (found, role):
            acknowledge(
                construct,
                "AwsSolutions-IAM5[Resource::*]",
                "DescribeManagedPrefixLists knows no resource.",
            )
        uuid = custom.AwsCustomResource.PROVIDER_FUNCTION_UUID.replace("-", "")
        acknowledge(
            Stack.of(self).node.find_child(f"AWS{uuid}"),
            "AwsSolutions-L1",
            "CDK chooses the runtime of its own function.",
        )
