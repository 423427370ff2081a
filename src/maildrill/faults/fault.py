"""What a fault is: something broken on purpose on one target, provable from outside, undoable.

A fault kind implements four things: ``inject`` and ``heal`` act and may be called twice;
``effect`` and ``recovered`` look, from outside the injector, and act on nothing.
Selection of targets, deadlines and the journal are not a fault's business.

The documentation page of a kind is made from its code: the class docstring says what it does, the
docstrings of ``effect`` and ``heal`` how it is proven and undone, ``Parameters`` what can be set,
``needs`` what it takes of the machine (see features.py), ``stands_for`` the real incidents.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from maildrill.faults.placement import Placement
from maildrill.scenario.model import Strict
from maildrill.traffic.link import Attempted

if TYPE_CHECKING:
    from maildrill.cluster.model import NodeModel

HEAL_DEADLINE_S = 30.0
PROOF_DEADLINE_S = 8.0
INJECT_DEADLINE_S = 12.0


class NoParameters(Strict):
    """A fault with nothing to set."""


class Look(Protocol):
    """A look at one server from the vantage: (answers in its protocol, what was seen)."""

    def __call__(self, host: str, port: int, protocol: str, timeout: float = 0.4) -> tuple[bool, str]: ...


class Attempt(Protocol):
    """One transaction of a service (inbound, submission, mailbox, delivery, outbound) from the vantage, now."""

    def __call__(self, service: str, deadline: float = 3.0) -> Attempted: ...


class Privileged(Protocol):
    """The helper container: the only place where a fault has privileges."""

    def run(self, *command: str) -> tuple[int, str]:
        """Run a command in the helper itself: (exit code, output)."""

    def in_network_of(self, container: Any, *command: str) -> tuple[int, str]:
        """Run a command of the helper's in a container's network namespace: (exit code, output)."""

    def with_volumes(self, volumes: list[str], command: str) -> str:
        """Run a shell command in a fresh container that mounts volumes at /v/0, /v/1 ..."""


@dataclass
class World:
    """What a fault may use: ways to look, the privileged helper, and the cluster it is part of.

    ``cluster`` is the RunningCluster: its nodes, accounts, network, session and model; ``client`` the
    engine. What a fault makes carries the labels ``maildrill.cluster.up.labels(cluster.session)``.
    ``layers`` says what lies on top of what where faults of one sort stack on a node: (sort, node) ->
    number of the fault -> what it put there. ``owner`` carries out the hooks of an attached system.
    """

    look: Look
    attempt: Attempt
    helper: Privileged
    client: Any
    cluster: Any
    layers: dict[tuple[str, str], dict[int, Any]] = field(default_factory=dict)
    owner: Any = None


def unserved(node: NodeModel, port: int | None) -> str:
    """Why nothing can happen to a port of a node; empty if something can, or if no port is named."""
    if port is None or port in node.ports:
        return ""
    return f"has no port {port} (it has {', '.join(map(str, node.ports)) or 'none'})"


@dataclass
class Fault(ABC):
    """One fault on one target. ``number`` makes names of rules unique within the drill."""

    kind: ClassVar[str] = ""
    Parameters: ClassVar[type[Strict]] = NoParameters
    needs: ClassVar[tuple[str, ...]] = ()
    stands_for: ClassVar[str] = ""
    has_peers: ClassVar[bool] = False
    peers_optional: ClassVar[bool] = False
    own_clock: ClassVar[bool] = False
    """Whether its targets must be made with a clock of their own, which can be set."""
    own_disk: ClassVar[bool] = False
    """Whether its targets' volumes must be on disks of their own, which can be broken alone."""
    port_of_target: ClassVar[bool] = False
    """Whether its setting ``port`` is a port of the target: then it is what is wrong where the target has no such."""
    applied_once: ClassVar[bool] = False
    """Whether it acts once, or again by itself: when its node is started anew, it is not applied again."""

    world: World
    target: Any
    number: int = 0
    peers: list[Any] = field(default_factory=list)
    asked: Any = field(default_factory=NoParameters)

    @property
    def by_hand(self) -> bool:
        """Injected by a person, who needs a while: how long it lasts counts from when that is done."""
        return False

    def inject_deadline(self) -> float:
        """Longest time that ``inject`` may take, s; a heal waits so long for it, and then heals all the same."""
        return INJECT_DEADLINE_S

    def call_off(self) -> None:  # noqa: B027 - most have nothing to end
        """It is to be healed: an ``inject`` that still runs should end soon. Harmless when none does."""

    def proof_deadline(self) -> float:
        """Longest time from the injection until the effect must be seen, s."""
        return PROOF_DEADLINE_S

    def heal_deadline(self) -> float:
        """Longest time that ``heal`` may take, s."""
        return HEAL_DEADLINE_S

    def recovery_deadline(self) -> float:
        """Longest time from healing until it must be seen, s."""
        return HEAL_DEADLINE_S

    @classmethod
    def group(cls) -> str:
        """The folder it is in: process, network, storage, dependency or load."""
        return cls.__module__.split(".")[-2]

    @classmethod
    def arrange(cls, hit: list[Any], peers: list[Any], asked: Any, dice: random.Random) -> list[Placement]:
        """Where the faults of one step go: one on every node that is hit, with all its peers.

        Kinds that are shapes over several nodes differ. Raises BadInput if there are too few nodes.
        """
        return [Placement(node, peers) for node in hit]

    @classmethod
    def misfit(cls, node: NodeModel, asked: Any) -> str:
        """Why a node cannot have this fault, as ``asked`` for; empty if it can. Known before anything is started."""
        return unserved(node, asked.port) if cls.port_of_target else ""

    @abstractmethod
    def inject(self) -> None:
        """Break it. Raises docker.errors.APIError or RuntimeError if that cannot be done."""

    @abstractmethod
    def heal(self) -> None:
        """Undo it. Harmless when called twice or when the target has died since."""

    def effect(self) -> tuple[bool, str]:
        """No service of the target answers in its protocol, seen from the vantage."""
        return self._services(expected=False)

    def recovered(self) -> tuple[bool, str]:
        """Every service of the target answers in its protocol, seen from the vantage."""
        return self._services(expected=True)

    def _services(self, expected: bool) -> tuple[bool, str]:
        seen = []
        for port, protocol in self.target.checks:
            answers, text = self.world.look(self.target.address, port, protocol)
            seen.append(text)
            if answers is not expected:
                return False, text
        return bool(seen), "; ".join(seen) or "the target offers no service to look at"
