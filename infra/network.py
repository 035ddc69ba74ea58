"""Where tasks and load balancer live: a VPC in two zones."""

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from infra.context import Context
from infra.finding import acknowledge


class Network(Construct):
    """A VPC ``dialout-<env>`` in two zones, with S3 and DynamoDB reached inside AWS.

    Without NAT, which costs more than the smallest task: tasks have public addresses and let
    nobody in but the load balancer. ``-c nat=true`` gives them private subnets instead, with one
    gateway a zone in production and one for all elsewhere.

    Attributes:
        tasks: the subnets of the media tasks.
        public_addresses: whether tasks need addresses of their own to reach the world.
    """

    def __init__(self, scope: Construct, name: str, context: Context) -> None:
        super().__init__(scope, name)
        # In this order and of fixed sizes: switching NAT on moves no subnet that is in use.
        subnets = [
            ec2.SubnetConfiguration(
                name="Public",
                subnet_type=ec2.SubnetType.PUBLIC,
                cidr_mask=20,
                # Only what asks for one gets a public address.
                map_public_ip_on_launch=False,
            ),
            ec2.SubnetConfiguration(
                name="Isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=24
            ),
        ]
        if context.nat:
            subnets.append(
                ec2.SubnetConfiguration(
                    name="Private", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS, cidr_mask=20
                )
            )
        nat_gateways = 0 if not context.nat else 2 if context.production else 1
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            vpc_name=context.name,
            max_azs=2,
            nat_gateways=nat_gateways,
            subnet_configuration=subnets,
            gateway_endpoints={
                "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3),
                "DynamoDb": ec2.GatewayVpcEndpointOptions(
                    service=ec2.GatewayVpcEndpointAwsService.DYNAMODB
                ),
            },
        )
        acknowledge(
            self.vpc,
            "AwsSolutions-VPC7",
            "Security groups let the load balancer alone in, and the service logs every stream; "
            "a flow log of audio would record each packet and tell nothing more.",
        )
        self.public_addresses = not context.nat
        self.tasks = ec2.SubnetSelection(
            subnet_type=(
                ec2.SubnetType.PRIVATE_WITH_EGRESS if context.nat else ec2.SubnetType.PUBLIC
            )
        )
