"""kill: the node's processes get SIGKILL; its volumes and the page cache survive."""

from __future__ import annotations

from docker.errors import APIError

from maildrill.faults.fault import Fault

CONFLICT = 409  # the engine's answer when the container is already in the state asked for


class Kill(Fault):
    """A crash of the server: every process of the node gets SIGKILL; healed by starting it.

    Not a power loss: what the kernel holds in its page cache survives.
    """

    kind = "kill"
    stands_for = "a kernel panic, a power switch pressed on one host, the out-of-memory killer on PID 1"

    def inject(self) -> None:
        """Kill the container; a container that is not running is left as it is."""
        try:
            self.target.container.kill()
        except APIError as problem:
            if problem.status_code != CONFLICT:
                raise

    def heal(self) -> None:
        """Start the container; starting a running one changes nothing."""
        self.target.container.start()
