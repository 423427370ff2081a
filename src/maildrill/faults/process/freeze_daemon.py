"""freeze-daemon: one program inside the node is stopped (SIGSTOP); it neither works nor dies."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from maildrill.cluster.model import NodeModel
from maildrill.faults.fault import Fault
from maildrill.faults.process.processes import is_running, must_run, named, send_signal
from maildrill.scenario.model import Strict


class Victim(Strict):
    """Which program."""

    process: str = Field(description="name of the program as ps shows it: lmtp, imap-login, qmgr, smtpd ...")
    port: int | None = Field(
        None,
        ge=1,
        le=65535,
        description="a port that must stop answering before the fault counts: one of those at which a drill waits for"
        " the node when it starts",
    )


class FreezeDaemon(Fault):
    """One program of a server hangs: it holds its connections and locks, and its master sees no death.

    Processes of that name that are started later run: a hung worker, not a broken binary.
    """

    kind = "freeze-daemon"
    port_of_target = True
    Parameters = Victim
    stands_for = (
        "a daemon in a deadlock, one that waits for a dead disk or directory. Dovecot's LMTP (NEWS of 2.3.11 to "
        "2.3.13): it hung when a TLS client left during delivery, until no process was left to deliver"
    )

    @classmethod
    def misfit(cls, node: NodeModel, asked: Any) -> str:
        """The drill must look at the port."""
        if asked.port in (None, *node.checks):
            return ""
        looked_at = ", ".join(map(str, node.checks)) or "none"
        return f"has no port {asked.port} at which a drill looks (it looks at {looked_at})"

    def inject(self) -> None:
        """SIGSTOP to every process of that name; twice changes nothing.

        Raises RuntimeError if there is none, or if nobody knows how to look at ``port``.
        """
        ports = dict(self.target.checks)
        if self.asked.port and self.asked.port not in ports:
            known = ", ".join(map(str, sorted(ports))) or "none"
            raise RuntimeError(f"nobody looks at port {self.asked.port} of {self.target.name}; give one of: {known}")
        send_signal(self.target.container, "STOP", must_run(self.target, self.asked.process))

    def heal(self) -> None:
        """SIGCONT to them; those of a node that died since are healed already."""
        if is_running(self.target):
            send_signal(self.target.container, "CONT", named(self.target.container, self.asked.process))

    def effect(self) -> tuple[bool, str]:
        """The node's kernel has all of them in state T, and ``port``, if given, does not answer the vantage."""
        found = named(self.target.container, self.asked.process)
        states = " ".join(f"{one.pid}:{one.state}" for one in found)
        if not found or any(one.state != "T" for one in found):
            return False, f"{self.asked.process} {states or 'does not run'}"
        checks = [check for check in self.target.checks if check[0] == self.asked.port]
        looks = [self.world.look(self.target.address, port, protocol) for port, protocol in checks]
        seen = "; ".join([f"{self.asked.process} {states}", *(text for _, text in looks)])
        return not any(answers for answers, _ in looks), seen

    def recovered(self) -> tuple[bool, str]:
        """No process of that name is in state T, and every service of the node answers the vantage."""
        stopped = [one.pid for one in named(self.target.container, self.asked.process) if one.state == "T"]
        return super().recovered() if not stopped else (False, f"{self.asked.process} still stopped: {stopped}")
