"""The media service: the tasks that talk."""

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.balancer import DRAIN, HEALTH_PATH, PORT, Balancer
from infra.context import Context
from infra.data import Data
from infra.finding import acknowledge
from infra.log_group import log_group
from infra.media_image import media_image
from infra.network import Network
from infra.secrets import let_read_secrets
from infra.task_size import task_size

CONTAINER = "media"

# The image's own user is another matter: whichever image runs, it does not run as root.
USER = "10001:10001"

# The image has no curl.
_HEALTHY = (
    f"import urllib.request as u; u.urlopen('http://localhost:{PORT}{HEALTH_PATH}', timeout=3)"
)


class Media(Construct):
    """The ECS service ``dialout-<env>-media`` behind its load balancer.

    How many tasks run is the scaling's business: a deployment that named a number would undo it.

    Attributes:
        role: of the tasks.
        service: on Fargate.
        log: of all tasks; their metrics are in it.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        context: Context,
        *,
        network: Network,
        balancer: Balancer,
        data: Data,
        environment: Mapping[str, str],
    ) -> None:
        super().__init__(scope, name)
        self._context = context
        self.name = f"{context.name}-media"
        self.log = log_group(self, context, f"/dialout/{context.env}/media")
        self.role = self._task_role(data)
        self.service = self._service(network, self._task(environment))
        balancer.targets.add_target(
            self.service.load_balancer_target(container_name=CONTAINER, container_port=PORT)
        )
        # Before it has a way to the world, a task cannot pull its image.
        self.service.node.add_dependency(
            balancer.forwarding, network.vpc.internet_connectivity_established
        )

    def _cluster(self, network: Network) -> ecs.Cluster:
        cluster = ecs.Cluster(
            self,
            "Cluster",
            cluster_name=self._context.name,
            vpc=network.vpc,
            container_insights_v2=(
                ecs.ContainerInsights.ENABLED
                if self._context.production
                else ecs.ContainerInsights.DISABLED
            ),
        )
        if not self._context.production:
            acknowledge(
                cluster, "AwsSolutions-ECS4", "Container Insights costs more than trying it."
            )
        return cluster

    def _task(self, environment: Mapping[str, str]) -> ecs.FargateTaskDefinition:
        execution = self._role("Execution")
        self.log.grant_write(execution)
        size = task_size(self._context.seats_per_task)
        task = ecs.FargateTaskDefinition(
            self,
            "Task",
            family=self.name,
            cpu=size.cpu,
            memory_limit_mib=size.memory_mib,
            runtime_platform=ecs.RuntimePlatform(
                operating_system_family=ecs.OperatingSystemFamily.LINUX,
                cpu_architecture=(
                    ecs.CpuArchitecture.ARM64
                    if self._context.arch == "arm64"
                    else ecs.CpuArchitecture.X86_64
                ),
            ),
            execution_role=execution,
            task_role=self.role,
            # The only place that can be written to.
            volumes=[ecs.Volume(name="scratch")],
        )
        self._container(task, media_image(self, self._context, execution), environment)
        acknowledge(
            execution,
            "AwsSolutions-IAM5[Resource::*]",
            "ECR's GetAuthorizationToken knows no resource.",
        )
        acknowledge(
            task, "AwsSolutions-ECS2", "Settings, none of them secret: secrets are read from SSM."
        )
        return task

    def _container(
        self,
        task: ecs.FargateTaskDefinition,
        image: ecs.ContainerImage,
        environment: Mapping[str, str],
    ) -> None:
        container = task.add_container(
            CONTAINER,
            image=image,
            user=USER,
            readonly_root_filesystem=True,
            environment=dict(environment),
            port_mappings=[ecs.PortMapping(container_port=PORT)],
            stop_timeout=DRAIN,
            health_check=ecs.HealthCheck(
                command=["CMD", "python", "-c", _HEALTHY],
                interval=Duration.seconds(15),
                timeout=Duration.seconds(5),
                retries=3,
                start_period=Duration.seconds(90),
            ),
            linux_parameters=self._linux(),
            logging=ecs.LogDriver.aws_logs(
                log_group=self.log,
                stream_prefix=CONTAINER,
                # Rather a lost line than a call that waits for CloudWatch.
                mode=ecs.AwsLogDriverMode.NON_BLOCKING,
            ),
        )
        container.add_mount_points(
            ecs.MountPoint(container_path="/tmp", source_volume="scratch", read_only=False)  # noqa: S108 -- the container's
        )

    def _linux(self) -> ecs.LinuxParameters:
        # An init that hands SIGTERM on; and none of the rights that even a user's process has.
        linux = ecs.LinuxParameters(self, "Linux", init_process_enabled=True)
        linux.drop_capabilities(ecs.Capability.ALL)
        return linux

    def _task_role(self, data: Data) -> iam.Role:
        role = self._role("TaskRole")
        data.let_use_table(role)
        data.prepare_queue.grant_consume_messages(role)
        let_read_secrets(role, self._context)
        return role

    def _role(self, name: str) -> iam.Role:
        return iam.Role(self, name, assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))

    def _service(self, network: Network, task: ecs.FargateTaskDefinition) -> ecs.FargateService:
        return ecs.FargateService(
            self,
            "Service",
            cluster=self._cluster(network),
            service_name=self.name,
            task_definition=task,
            security_groups=[self._security_group(network)],
            vpc_subnets=network.tasks,
            assign_public_ip=network.public_addresses,
            # A deployment adds new tasks first; the old hand their calls over to them.
            min_healthy_percent=100,
            max_healthy_percent=200,
            circuit_breaker=ecs.DeploymentCircuitBreaker(rollback=True),
            # The image is pulled before, so this is for the models to load.
            health_check_grace_period=Duration.seconds(90),
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
            enable_ecs_managed_tags=True,
        )

    def _security_group(self, network: Network) -> ec2.SecurityGroup:
        """Nobody in, until the load balancer's targets are registered; everybody out: vendors,
        tools and tunnels have the addresses and ports that their users chose.
        """
        return ec2.SecurityGroup(
            self,
            "SecurityGroup",
            vpc=network.vpc,
            description="Dialout: the media tasks",
            allow_all_outbound=True,
        )
