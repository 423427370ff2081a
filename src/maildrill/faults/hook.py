"""A fault on a node of an attached system: done and undone by the owner's hooks, proven like any other."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from maildrill.cluster.attached import FaultHooks, Hook
from maildrill.errors import BadInput
from maildrill.faults.fault import Fault

GRACE_S = 5.0
"""A heal may take its hook's deadline, and so much longer until it is known to have failed."""
LOOK_AGAIN_S = 0.2


class Owner(Protocol):
    """Carries out hooks, and keeps a list of what must still be undone."""

    def carry_out(
        self, hook: Hook, about: dict[str, str], seen: Callable[[], bool], undoing: bool, called_off: threading.Event
    ) -> str:
        """Do it; what is said of it. A person is not waited for any more once ``seen``, a command once ``called_off``.

        Raises RuntimeError or WaitTimeout.
        """

    def owe(self, name: str, hook: Hook, about: dict[str, str]) -> None:
        """From now on this hook must be carried out, whatever happens."""

    def settle(self, name: str) -> None:
        """It has been, with effect."""


@dataclass
class HookFault(Fault):
    """What the owner of an attached system does instead of the kind of fault whose name it takes."""

    kind = ""  # taken from the fault it stands for: this is no kind of its own

    _called_off: threading.Event = field(default_factory=threading.Event, init=False, repr=False)
    _was_seen: bool = field(default=False, init=False, repr=False)

    @property
    def hooks(self) -> FaultHooks:
        """The owner's hooks for it. Raises BadInput if the file does not allow it."""
        found: FaultHooks | None = self.target.attached.allow.get(self.kind)
        if found is None:
            raise BadInput(f"{self.kind} on {self.target.name} is not allowed by the file of the attached system")
        return found

    @property
    def by_hand(self) -> bool:
        """A person is asked to do it."""
        return self.hooks.inject.ask is not None

    @property
    def _name(self) -> str:
        return f"{self.kind} on {self.target.name} (fault {self.number})"

    def inject_deadline(self) -> float:
        """As long as the hook may take, so that it cannot break what is healed already."""
        return self.hooks.inject.deadline + GRACE_S

    def call_off(self) -> None:
        """A command that still injects is ended, with its children; a call and a person are waited for."""
        self._called_off.set()

    def heal_deadline(self) -> float:
        """As long as the hook may take."""
        return self.hooks.heal.deadline + GRACE_S

    def inject(self) -> None:
        """Write down what will have to be undone, then carry out the hook."""
        self._owner.owe(self._name, self.hooks.heal, self._about())
        self._owner.carry_out(
            self.hooks.inject, self._about(), lambda: self._twice(self.effect), False, self._called_off
        )

    def heal(self) -> None:
        """Carry out the hook that undoes it. A person must confirm, unless it was seen to be broken and now is not."""
        never = threading.Event()
        self._owner.carry_out(
            self.hooks.heal, self._about(), lambda: self._was_seen and self._twice(self.recovered), True, never
        )

    def effect(self) -> tuple[bool, str]:
        """No service of the target answers in its protocol, seen from the vantage."""
        broken, seen = super().effect()
        self._was_seen = self._was_seen or broken
        return broken, seen

    def recovered(self) -> tuple[bool, str]:
        """Every service of the target answers in its protocol; then nothing is owed any more."""
        answers, seen = super().recovered()
        if answers:
            self._owner.settle(self._name)
        return answers, seen

    @property
    def _owner(self) -> Owner:
        owner: Owner | None = self.world.owner
        if owner is None:
            raise RuntimeError("nobody is there to carry out the hooks of the attached system")
        return owner

    def _about(self) -> dict[str, str]:
        """What a hook is told through its environment."""
        return {
            "MAILDRILL_FAULT": self.kind,
            "MAILDRILL_NODE": self.target.name,
            "MAILDRILL_HOST": self.target.address,
            "MAILDRILL_PEERS": " ".join(peer.name for peer in self.peers),
            "MAILDRILL_PARAMETERS": json.dumps(self.asked.model_dump(mode="json")),
        }

    def _twice(self, look: Callable[[], tuple[bool, str]]) -> bool:
        """Seen, and seen again: one lost packet is not an effect."""
        if not look()[0]:
            return False
        time.sleep(LOOK_AGAIN_S)
        return look()[0]


def fault_on(kind: type[Fault], world: Any, node: Any, number: int, peers: list[Any], asked: Any) -> Fault:
    """The fault of this kind on a node: our own, or its owner's where the node is not ours."""
    if getattr(node, "attached", None) is None:
        return kind(world, node, number, peers, asked)
    stands_in = type(HookFault.__name__, (HookFault,), {"kind": kind.kind, "__doc__": HookFault.__doc__})
    fault: Fault = stands_in(world, node, number, peers, asked)
    return fault
