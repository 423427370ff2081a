"""pid-exhaustion: the node can start no more processes."""

from __future__ import annotations

from docker.errors import APIError
from pydantic import Field

from maildrill.faults.fault import Fault
from maildrill.faults.process.limits import set_limits
from maildrill.faults.process.processes import is_running
from maildrill.scenario.model import Strict

NO_LIMIT = -1
FORK = "(true) && echo forked"


class Ceiling(Strict):
    """How many processes the node may have."""

    limit: int = Field(3, ge=1, description="processes and threads; those above it live on, but none can be added")


class PidExhaustion(Fault):
    """No process of the node can fork: what runs goes on, what needs a new worker fails.

    Servers that fork for each client stop serving; those with workers to spare do not notice at once.
    """

    kind = "pid-exhaustion"
    Parameters = Ceiling
    needs = ("pids-limit",)
    stands_for = (
        "a fork bomb, a leak of processes, TasksMax of a systemd unit or a limit of the container platform. Amazon "
        "Kinesis, 25 November 2020: new servers made every old one need more threads than its system allowed"
    )

    def inject(self) -> None:
        """Set the limit; twice changes nothing. Raises APIError if refused."""
        set_limits(self.world.client, self.target.container, PidsLimit=self.asked.limit)

    def heal(self) -> None:
        """Remove the limit, and start the node if it died for want of processes."""
        set_limits(self.world.client, self.target.container, PidsLimit=NO_LIMIT)
        if not is_running(self.target):
            self.target.container.start()

    def effect(self) -> tuple[bool, str]:
        """A shell in the node cannot fork, and something says so: one of which nothing is heard may have forked."""
        try:
            said = self._fork()
        except APIError as problem:  # nor can the engine start the shell
            return "temporarily unavailable" in str(problem), str(problem)
        return bool(said) and "forked" not in said, said or "nothing was said"

    def recovered(self) -> tuple[bool, str]:
        """A shell in the node can fork, and every service answers."""
        said = self._fork()
        return super().recovered() if "forked" in said else (False, said)

    def _fork(self) -> str:
        return str(self.target.container.exec_run(["sh", "-c", FORK]).output.decode(errors="replace").strip())
