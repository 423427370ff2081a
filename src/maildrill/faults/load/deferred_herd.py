"""deferred-herd: a queue full of deferred mail becomes due all at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from pydantic import Field

from maildrill.cluster.imagefile import Queue
from maildrill.cluster.model import NodeModel
from maildrill.faults.load.mail_flood import MailFlood, Volume
from maildrill.faults.numbers import number_in
from maildrill.faults.process.processes import is_running
from maildrill.scenario.fields import Size
from maildrill.scenario.units import Rate

SETTLED = 0.1


class Herd(Volume):
    """How large the queue becomes."""

    messages: int = Field(200, ge=1, description="messages that wait in the queue when it is released")
    rate: Rate = Field(60.0, gt=0, description="how fast they come, messages a second")
    size: Size = Field(4000, ge=300, description="size of each message, B")
    port: int = Field(24, ge=1, le=65535, description="port of the next hop that is cut off meanwhile: 24 is LMTP")


@dataclass
class DeferredHerd(MailFlood):
    """The target cannot hand over mail while a flood of it comes in; healing opens the way and makes all of it due.

    The time until healing is the build-up. The herd runs at the moment of healing, and recovery is
    proven when the queue is back to what it was.
    """

    kind = "deferred-herd"
    Parameters = Herd
    needs = ("helper", "nftables")
    stands_for = "the hour after a long outage of the mail stores, or of a large domain users write to"

    _before: int | None = field(default=None, init=False, repr=False)

    @classmethod
    def misfit(cls, node: NodeModel, asked: Any) -> str:
        """Mail for users must wait in a queue of it; where mailboxes are the server's own, nothing can be cut off."""
        if not node.server.queue:
            return "has no queue in which mail for its users waits for another server"
        return super().misfit(node, asked)

    @property
    def _table(self) -> str:
        return f"maildrill_herd_{self.number}"

    def orders(self) -> dict[str, Any]:
        """Send so many and wait."""
        return super().orders() | {"total": self.asked.messages}

    def inject(self) -> None:
        """Refuse the target's connections to the next hop, and start the sender. Raises RuntimeError if nft fails.

        What waits before is counted in between: until then, mail on its way may still leave.
        """
        rules = (
            f"add table inet {self._table}; delete table inet {self._table}; add table inet {self._table}; "
            f"add chain inet {self._table} o {{ type filter hook output priority -300; }}; "
            f"add rule inet {self._table} o tcp dport {self.asked.port} reject with tcp reset"
        )
        code, output = self.world.helper.in_network_of(self.target.container, "nft", rules)
        if code:
            raise RuntimeError(f"nft failed in {self.target.name}: {output.strip()}")
        if self._before is None:
            self._before = self._queued()
        super().inject()

    def heal(self) -> None:
        """Remove sender and rule, and tell the server to try all of its queue now."""
        super().heal()
        if is_running(self.target):
            self.world.helper.in_network_of(self.target.container, "nft", f"delete table inet {self._table}")
            if self.target.container.status == "running":
                self.target.container.exec_run(["sh", "-c", self._queue.flush])

    def proof_deadline(self) -> float:
        """As long as usual, and the time that the herd takes to come in where the target takes it four times slower."""
        return super().proof_deadline() + 4 * float(self.asked.messages / self.asked.rate)

    def recovery_deadline(self) -> float:
        """A herd may leave no faster than it came."""
        return super().recovery_deadline() + float(self.asked.messages / self.asked.rate)

    def effect(self) -> tuple[bool, str]:
        """So many messages more than before wait in the target's queue."""
        grown = self._queued() - (self._before or 0)
        proven = self._before is not None and grown >= self.asked.messages
        return self.outcome(proven, f"the queue has grown by {grown} of {self.asked.messages} messages")

    def recovered(self) -> tuple[bool, str]:
        """Nine tenths of the herd have left the queue, and every service of the target answers."""
        grown = self._queued() - (self._before or 0)
        left = grown <= max(1.0, SETTLED * self.asked.messages)
        return super().recovered() if left else (False, f"{grown} messages more than before still wait")

    @property
    def _queue(self) -> Queue:
        """How the target's queue is handled. Raises RuntimeError if it has none."""
        if self.target.queue is None:
            raise RuntimeError(f"{self.target.name} has no queue: name an MX or a submission server")
        return cast(Queue, self.target.queue)

    def _queued(self) -> int:
        """Messages that wait in the target's queue. Raises RuntimeError if it has none, or if nobody could count."""
        said = self.target.container.exec_run(["sh", "-c", self._queue.waiting]).output
        return int(number_in(said, f"how many messages wait in {self.target.name}"))
