"""The door that Twilio's streams come in by, and its public name."""

from typing import Protocol

from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from infra.balancer import STREAM_PATH, Balancer
from infra.cloudfront_entrance import CloudFrontEntrance
from infra.context import Context, OwnDomain
from infra.finding import acknowledge
from infra.network import Network


class Entrance(Protocol):
    """Where streams come in.

    Attributes:
        balancer: what hands them to the tasks.
        ws_url: where Twilio is sent to, ``wss://…/ws``; Twilio signs over it.
        target: what the own domain's DNS record must point at; None: nothing to do.
    """

    balancer: Balancer
    ws_url: str
    target: str | None


class DomainEntrance(Construct):
    """A public load balancer under a name of the user's own (``-c domain= -c certificate=``)."""

    def __init__(self, scope: Construct, name: str, network: Network, domain: OwnDomain) -> None:
        super().__init__(scope, name)
        certificate = acm.Certificate.from_certificate_arn(self, "Certificate", domain.certificate)
        self.balancer = Balancer(
            self, "Balancer", network.vpc, public=True, certificates=[certificate]
        )
        self.balancer.security_group.add_ingress_rule(
            ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "Twilio, from addresses that it does not tell"
        )
        acknowledge(
            self.balancer.security_group,
            "AwsSolutions-EC23",
            "Twilio's media servers have no fixed addresses; the service refuses whatever "
            "Twilio did not sign.",
        )
        self.ws_url = f"wss://{domain.name}{STREAM_PATH}"
        self.target: str | None = self.balancer.load_balancer.load_balancer_dns_name


def entrance(scope: Construct, context: Context, network: Network) -> Entrance:
    """The entrance that the context asks for: the own domain's, or else CloudFront's."""
    if context.domain:
        return DomainEntrance(scope, "DomainEntrance", network, context.domain)
    return CloudFrontEntrance(scope, "Entrance", context, network)
