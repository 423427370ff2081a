"""Who is in the drill's care: each fault from before anybody could break anything until nobody heals it any more."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from maildrill.custody.charge import UNHEALED, Charge, State


class Charges:
    """All charges of a drill, oldest first; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: dict[str, Charge] = {}
        self._known: set[str] = set()
        self._touched: set[str] = set()
        self._refusing = False

    def take(self, charge: Charge) -> bool:
        """From now on it can be found and healed. False if nothing is injected any more."""
        with self._lock:
            self._known.add(charge.name)
            if not self._refusing:
                elsewhere = any(other.acts for other in self._all.values())
                charge.comes_first = not (elsewhere or charge.nodes & self._touched)
                self._all[charge.name] = charge
                self._touched |= charge.nodes
            return not self._refusing

    def knows(self, name: str) -> bool:
        """Whether it was ever taken, or refused."""
        with self._lock:
            return name in self._known

    def refuse(self) -> None:
        """From now on none is taken."""
        with self._lock:
            self._refusing = True

    @property
    def refusing(self) -> bool:
        """Nothing is injected any more, and nothing injected again."""
        return self._refusing

    def claim(self, name: str) -> tuple[Charge | None, bool]:
        """(the charge or None, whether the caller is the one who heals it now)."""
        with self._lock:
            charge = self._all.get(name)
            free = charge is not None and charge.state in (State.IN_FORCE, State.LATER)
            if charge is not None and free:
                charge.state = State.HEALING
                charge.ended.clear()
            return charge, free

    def postpone(self, charge: Charge) -> None:
        """Its heal failed because of others: somebody may claim it again."""
        with self._lock:
            charge.state = State.LATER
            charge.ended.set()

    def end(self, charge: Charge, is_well: bool) -> None:
        """Nobody heals it any more."""
        with self._lock:
            self._all.pop(charge.name, None)
            charge.is_well = is_well
            charge.ended.set()

    def all(self) -> list[Charge]:
        """Those that nobody has ended."""
        with self._lock:
            return list(self._all.values())

    def among(self, *states: State) -> list[Charge]:
        """Those in one of the states."""
        return [charge for charge in self.all() if charge.state in states]

    def hiding(self, charge: Charge) -> list[Charge]:
        """The others in force that touch the same nodes: what a heal did may not be seen."""
        found = self.among(State.IN_FORCE, State.LATER)
        return [other for other in found if other is not charge and other.touches(charge)]

    def beside(self, charge: Charge, states: Iterable[State] = UNHEALED) -> list[Charge]:
        """The others on the same node, in one of the states."""
        return [other for other in self.among(*states) if other is not charge and other.on_node_of(charge)]
