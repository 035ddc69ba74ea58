"""The media service's tasks in a rehearsal: started, taken out of service, killed, paused."""

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field

from rehearsal.plan import Plan
from rehearsal.process import Process, free_port
from rehearsal.targets import Targets


@dataclass(frozen=True, eq=False)
class Task:
    """One of them. Its log is ``<logs>/<name>.log``."""

    name: str
    process: Process
    url: str


@dataclass(frozen=True)
class Service:
    """What every task runs: the product's media service, or one that is composed otherwise."""

    module: str = "media_service"
    environment: Mapping[str, str] = field(default_factory=dict)
    """What it needs beside the product's settings."""


PRODUCTS_OWN = Service()


@dataclass
class Tasks:
    """All of them, also those that are gone.

    Args:
        environment: the settings of the media service.
        python: the interpreter, and with it the environment, that it runs in.
        service: what is run.
    """

    plan: Plan
    targets: Targets
    environment: Mapping[str, str]
    python: str
    service: Service = PRODUCTS_OWN
    started: list[Task] = field(default_factory=list)
    _registered: list[Task] = field(default_factory=list)

    @property
    def in_service(self) -> list[Task]:
        """Those that take new streams, oldest first."""
        return [task for task in self._registered if task.process.running]

    async def start(self) -> Task:
        """One more, that takes streams when this returns.

        Raises:
            ProcessError: it did not come up.
        """
        number, port = len(self.started) + 1, free_port()
        name = "media" if number == 1 else f"media-{number}"
        process, _ = await Process.start(
            name, self.service.module, "--host", "127.0.0.1", "--port", str(port),
            logs=self.plan.logs, ready="the media service listens",
            environment={**self.environment, **self.service.environment}, python=self.python,
        )  # fmt: skip
        task = Task(name, process, f"http://127.0.0.1:{port}")
        self.started.append(task)
        self._register([*self._registered, task])
        return task

    def register(self, task: Task) -> None:
        """It takes streams again."""
        self._register([*self._registered, task])

    def deregister(self, task: Task) -> None:
        """It gets no new streams, and keeps those that it has."""
        self._register([each for each in self._registered if each is not task])

    def drain(self, task: Task) -> None:
        """What ECS does with a task that is to stop: no new streams, then SIGTERM."""
        self.deregister(task)
        task.process.signal(signal.SIGTERM)

    def kill(self, task: Task) -> None:
        """It dies outright. The gateway finds out by itself."""
        task.process.signal(signal.SIGKILL)

    def pause(self, task: Task) -> None:
        """It stands still, its connections open."""
        task.process.signal(signal.SIGSTOP)

    def resume(self, task: Task) -> None:
        """It goes on as if no time had passed."""
        task.process.signal(signal.SIGCONT)

    async def stop(self) -> None:
        """All of them."""
        for task in self.started:
            await task.process.stop()

    def _register(self, tasks: list[Task]) -> None:
        self._registered = tasks
        self.targets.put(task.url for task in tasks)
