"""The entrance without a domain: CloudFront's name and certificate, and a private way in."""

from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from infra.balancer import STREAM_PATH, Balancer
from infra.context import Context
from infra.finding import acknowledge
from infra.network import Network
from infra.prefix_list import PrefixList

_REFUSE = "function handler(event) { return { statusCode: 404 }; }"

_EXPLAINED = {
    "AwsSolutions-CFR1": "Twilio's media servers stand in many countries.",
    "AwsSolutions-CFR2": "One path, where the service refuses what Twilio did not sign; a web "
    "firewall costs more than the rest of an idle environment.",
    "AwsSolutions-CFR3": "The service logs every stream with its call_id.",
    "AwsSolutions-CFR4": "CloudFront's own certificate allows no choice of protocols; an own "
    "domain (-c domain=) has TLS 1.2 and later only.",
    "AwsSolutions-CFR5": "The way to the load balancer is CloudFront's private one into the VPC; "
    "without a domain there is no certificate to speak TLS with.",
}


class CloudFrontEntrance(Construct):
    """A distribution whose VPC origin is a load balancer that the internet cannot reach.

    Only ``/ws`` goes in, uncached and with all of its headers; everything else ends at the edge.
    """

    def __init__(self, scope: Construct, name: str, context: Context, network: Network) -> None:
        super().__init__(scope, name)
        self.balancer = Balancer(self, "Balancer", network.vpc, public=False)
        self._let_cloudfront_in(network)
        origin = origins.VpcOrigin.with_application_load_balancer(
            self.balancer.load_balancer,
            vpc_origin_name=context.name,
            http_port=80,
            protocol_policy=cloudfront.OriginProtocolPolicy.HTTP_ONLY,
        )
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=f"{context.name}: Twilio's media streams",
            # North America and Europe, where Twilio's media servers are nearest to most calls.
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
            default_behavior=self._refusal(context, origin),
            additional_behaviors={STREAM_PATH: self._streams(origin)},
        )
        # CloudFront makes its way into a VPC through the internet gateway, though uses it not.
        self.distribution.node.add_dependency(network.vpc.internet_connectivity_established)
        for finding, reason in _EXPLAINED.items():
            acknowledge(self.distribution, finding, reason)
        self.ws_url = f"wss://{self.distribution.distribution_domain_name}{STREAM_PATH}"
        self.target: str | None = None

    def _let_cloudfront_in(self, network: Network) -> None:
        """From CloudFront's own addresses, which are not the VPC's.

        In a group of its own: the list counts as 55 rules, and a group may have 60.
        """
        group = ec2.SecurityGroup(
            self,
            "FromCloudFront",
            vpc=network.vpc,
            description="Dialout: CloudFront to the load balancer",
            allow_all_outbound=False,
        )
        group.add_ingress_rule(
            ec2.Peer.prefix_list(PrefixList(self, "PrefixList").list_id),
            ec2.Port.tcp(80),
            "CloudFront",
        )
        resource = self.balancer.load_balancer.node.default_child
        assert resource
        # Not add_security_group: CDK would then open the tasks to this group as well.
        resource.security_groups = [  # type: ignore[attr-defined]
            self.balancer.security_group.security_group_id,
            group.security_group_id,
        ]

    def _refusal(self, context: Context, origin: cloudfront.IOrigin) -> cloudfront.BehaviorOptions:
        function = cloudfront.Function(
            self,
            "Refusal",
            function_name=f"{context.name}-refusal",
            code=cloudfront.FunctionCode.from_inline(_REFUSE),
            runtime=cloudfront.FunctionRuntime.JS_2_0,
        )
        return cloudfront.BehaviorOptions(
            origin=origin,
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
            function_associations=[
                cloudfront.FunctionAssociation(
                    function=function, event_type=cloudfront.FunctionEventType.VIEWER_REQUEST
                )
            ],
        )

    def _streams(self, origin: cloudfront.IOrigin) -> cloudfront.BehaviorOptions:
        return cloudfront.BehaviorOptions(
            origin=origin,
            allowed_methods=cloudfront.AllowedMethods.ALLOW_GET_HEAD,
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
            cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
            # The signature, and the headers of the WebSocket's handshake.
            origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER,
            compress=False,
        )
