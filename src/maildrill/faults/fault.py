"""What a fault is: something broken on purpose on one target, provable from outside, undoable.

A fault kind implements four things: ``inject`` and ``heal`` act and may be called twice;
``effect`` and ``recovered`` look, from outside the injector, and act on nothing.
Selection of targets, deadlines and the journal are not a fault's business.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol


class Look(Protocol):
    """A look at one server from the vantage: (answers in its protocol, what was seen)."""

    def __call__(self, host: str, port: int, protocol: str, timeout: float = 0.4) -> tuple[bool, str]: ...


class Privileged(Protocol):
    """The helper container: the only place where a fault has privileges."""

    def in_network_of(self, container: Any, *command: str) -> tuple[int, str]:
        """Run a command in a container's network namespace: (exit code, output)."""

    def with_volumes(self, volumes: list[str], command: str) -> str:
        """Run a shell command in a fresh container that mounts volumes at /v/0, /v/1 ..."""


@dataclass
class World:
    """What a fault may use."""

    look: Look
    helper: Privileged


@dataclass
class Fault(ABC):
    """One fault on one target. ``number`` makes names of rules unique within the drill."""

    kind: ClassVar[str] = ""
    needs: ClassVar[str] = "the container engine only"
    needs_helper: ClassVar[bool] = False
    world: World
    target: Any
    number: int = 0
    peers: list[Any] = field(default_factory=list)

    @abstractmethod
    def inject(self) -> None:
        """Break it. Raises docker.errors.APIError if the engine refuses."""

    @abstractmethod
    def heal(self) -> None:
        """Undo it. Harmless when called twice or when the target has died since."""

    def effect(self) -> tuple[bool, str]:
        """(the effect is there, what was seen): by default no service of the target answers."""
        return self._services(expected=False)

    def recovered(self) -> tuple[bool, str]:
        """(the effect is gone, what was seen): by default every service of the target answers."""
        return self._services(expected=True)

    def _services(self, expected: bool) -> tuple[bool, str]:
        seen = []
        for port, protocol in self.target.checks:
            answers, text = self.world.look(self.target.address, port, protocol)
            seen.append(text)
            if answers is not expected:
                return False, text
        return bool(seen), "; ".join(seen) or "the target offers no service to look at"
