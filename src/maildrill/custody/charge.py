"""A fault in the drill's care: what is known of it, from before it is injected until it is proven well."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any

from maildrill.cluster.engine import ENGINE_FAILURES
from maildrill.custody.proof import Proof
from maildrill.custody.work import Work
from maildrill.faults import Fault


class State(Enum):
    """How far it is."""

    IN_FORCE = "in force, or being injected"
    HEALING = "its heal was requested"
    LATER = "its heal failed while another fault stood in the way"
    HEALED = "healed, to be proven"
    FAILED = "its heal failed, and nothing stood in the way"
    NOT_INJECTED = "not injected after all: there is nothing to heal"


UNHEALED = (State.IN_FORCE, State.HEALING, State.LATER)


class Charge:
    """One fault of a drill, by its name there."""

    def __init__(self, name: str, fault: Fault, now: Callable[[], float]) -> None:
        self.name, self.fault = name, fault
        self.state = State.IN_FORCE
        self.masked = False
        """It could not be applied, because another fault is in force on its node."""
        self.acts = False
        """It was applied, or is being applied."""
        self.comes_first = False
        """No other fault of the drill can be why its nodes are broken: none has touched them, none acts elsewhere."""
        self.effect, self.recovered = Proof(fault.effect, now), Proof(fault.recovered, now)
        self.injecting = threading.Lock()
        """Held while it is injected and its effect is proven."""
        self.ended = threading.Event()
        """Nobody heals it any more: it is well, or was given up, or is left for later."""
        self.is_well = False
        self._started_at: str | None = None
        self._undoing: Work | None = None

    def tried(self) -> None:
        """It was just applied to its node, or could not be."""
        self._started_at = started_at(self.fault.target)

    def started_anew(self) -> bool:
        """Whether its node was started since it was tried, and lost what was applied."""
        return self._started_at is not None and started_at(self.fault.target) != self._started_at

    @contextmanager
    def injection_over(self) -> Iterator[bool]:
        """Waits for an injection under way, and keeps others off. False if it takes longer than it may."""
        is_over = self.injecting.acquire(timeout=self._injection_deadline())
        try:
            yield is_over
        finally:
            if is_over:
                self.injecting.release()

    def await_end(self) -> bool:
        """Wait for a heal under way, as long as all of it may take; whether it is well."""
        heal = self.fault.heal_deadline() + self.fault.recovery_deadline()
        return self.ended.wait(self._injection_deadline() + heal) and self.is_well

    def _injection_deadline(self) -> float:
        return self.fault.inject_deadline() + self.fault.proof_deadline()

    def undo(self) -> None:
        """Begin to heal it, or go on with what has not returned; waits for nothing, see ``undone``."""
        if not self.hangs():
            self._undoing = Work(self.fault.heal)

    def undone(self, deadline: float) -> None:
        """Wait at most ``deadline`` s for what ``undo`` began. Raises what that raises, or TimeoutError."""
        assert self._undoing is not None, "undo() comes first"
        if not self._undoing.wait(deadline):
            raise TimeoutError(f"healing did not return within {deadline:g} s")
        self._undoing.outcome()

    def hangs(self) -> bool:
        """Whether a heal that was begun has not returned."""
        return self._undoing is not None and not self._undoing.over()

    def on_node_of(self, other: Charge) -> bool:
        """Whether both are on the same node."""
        return bool(self.fault.target.name == other.fault.target.name)

    def touches(self, other: Charge) -> bool:
        """Whether both have to do with one node, as target or peer."""
        return bool(self.nodes & other.nodes)

    @property
    def nodes(self) -> set[str]:
        """The names of the nodes that it has to do with, as target or peer."""
        return {self.fault.target.name, *(peer.name for peer in self.fault.peers)}


def started_at(node: Any) -> str:
    """When the node's container was last started; empty if that cannot be known."""
    try:
        node.container.reload()
        return str(node.container.attrs["State"]["StartedAt"])
    except (*ENGINE_FAILURES, AttributeError, KeyError):
        return ""
