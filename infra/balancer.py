"""The load balancer in front of the media tasks. It knows one path."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elb
from constructs import Construct

from infra.finding import acknowledge

PORT = 8080
"""Where the media service listens in its container."""
STREAM_PATH = "/ws"
HEALTH_PATH = "/healthz"

# Handing a call over takes until its next quiet moment; what was not handed over by then is cut.
# The same 120 s that a container has between SIGTERM and SIGKILL.
DRAIN = Duration.seconds(120)


class Balancer(Construct):
    """An application load balancer that forwards ``/ws`` and answers 404 to everything else.

    It has no name of its own: an environment that moves to another entrance has both for a
    moment, and two cannot share a name.

    Attributes:
        targets: the group that the media service registers its tasks in.
        forwarding: the rule that sends streams there.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        vpc: ec2.IVpc,
        *,
        public: bool,
        certificates: Sequence[elb.IListenerCertificate] = (),
    ) -> None:
        """A load balancer, over TLS where it is given certificates."""
        super().__init__(scope, name)
        self.security_group = ec2.SecurityGroup(
            self,
            "SecurityGroup",
            vpc=vpc,
            description="Dialout: the load balancer",
            allow_all_outbound=False,
        )
        kind = ec2.SubnetType.PUBLIC if public else ec2.SubnetType.PRIVATE_ISOLATED
        self.load_balancer = elb.ApplicationLoadBalancer(
            self,
            "LoadBalancer",
            vpc=vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_type=kind),
            internet_facing=public,
            security_group=self.security_group,
            # Longer than any silence of a stream: Twilio sends a frame every 20 ms.
            idle_timeout=Duration.seconds(600),
            drop_invalid_header_fields=True,
        )
        acknowledge(
            self.load_balancer,
            "AwsSolutions-ELB2",
            "The service logs every stream with its call_id; an access log would add who "
            "connected, which is Twilio or CloudFront.",
        )
        self.targets = self._targets(vpc)
        listener = self.load_balancer.add_listener(
            "Listener",
            port=443 if certificates else 80,
            protocol=(
                elb.ApplicationProtocol.HTTPS if certificates else elb.ApplicationProtocol.HTTP
            ),
            certificates=list(certificates) or None,
            ssl_policy=elb.SslPolicy.RECOMMENDED_TLS if certificates else None,
            # Who may connect is said by whoever made this.
            open=False,
            default_action=elb.ListenerAction.fixed_response(404),
        )
        self.forwarding = elb.ApplicationListenerRule(
            self,
            "Streams",
            listener=listener,
            priority=1,
            conditions=[elb.ListenerCondition.path_patterns([STREAM_PATH])],
            action=elb.ListenerAction.forward([self.targets]),
        )

    def _targets(self, vpc: ec2.IVpc) -> elb.ApplicationTargetGroup:
        return elb.ApplicationTargetGroup(
            self,
            "Tasks",
            vpc=vpc,
            port=PORT,
            protocol=elb.ApplicationProtocol.HTTP,
            target_type=elb.TargetType.IP,
            # A stream lasts minutes: a task just started must fill up first.
            load_balancing_algorithm_type=(
                elb.TargetGroupLoadBalancingAlgorithmType.LEAST_OUTSTANDING_REQUESTS
            ),
            deregistration_delay=DRAIN,
            health_check=elb.HealthCheck(
                path=HEALTH_PATH,
                healthy_http_codes="200",
                interval=Duration.seconds(10),
                timeout=Duration.seconds(5),
                healthy_threshold_count=2,
                # ECS kills what is unhealthy, and its calls with it: half a minute's patience.
                unhealthy_threshold_count=3,
            ),
        )
