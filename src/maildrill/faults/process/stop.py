"""stop: an orderly shutdown of the node, as in maintenance."""

from __future__ import annotations

from maildrill.faults.fault import Fault

STOP_PATIENCE_S = 5


class Stop(Fault):
    """SIGTERM, and SIGKILL after 5 s: maintenance or a reboot; healed by starting the node."""

    kind = "stop"
    stands_for = "planned maintenance, a reboot, a rolling upgrade"

    def inject(self) -> None:
        """Stop the container; stopping a stopped one changes nothing."""
        self.target.container.stop(timeout=STOP_PATIENCE_S)

    def heal(self) -> None:
        """Start the container; starting a running one changes nothing."""
        self.target.container.start()
