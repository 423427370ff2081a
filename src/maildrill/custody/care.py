"""Custody of faults: intent before act, proof after, and a heal that always happens."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from maildrill.cluster.engine import ENGINE_FAILURES
from maildrill.faults import Fault
from maildrill.journal.events import Fault as FaultEvent
from maildrill.journal.writer import JournalWriter

PROOF_DEADLINE_S = 8.0
HEAL_DEADLINE_S = 30.0
LOOK_EVERY_S = 0.02


class Care:
    """Injects and heals faults of one drill and writes down what became of each."""

    def __init__(self, journal: JournalWriter, now: Callable[[], float], say: Callable[[str], None]) -> None:
        self._journal = journal
        self._now = now
        self._say = say
        self._lock = threading.Lock()
        self._injected: dict[str, Fault] = {}
        self._proving: dict[str, threading.Lock] = {}

    def inject(self, name: str, fault: Fault) -> None:
        """Write the intent, act, prove the effect from outside; never raises for a failed fault.

        A heal that is due meanwhile waits, so that it cannot be overtaken by what it undoes.
        """
        self._write(name, fault, "requested", "")
        with self._lock:
            self._injected[name] = fault
            self._proving[name] = threading.Lock()
        with self._proving[name]:
            self._inject(name, fault)

    def _inject(self, name: str, fault: Fault) -> None:
        try:
            fault.inject()
        except ENGINE_FAILURES as problem:  # a fault that cannot be applied is a result, not a crash
            self._write(name, fault, "not-effective", f"inject: {problem}")
            return
        self._write(name, fault, "injected", "")
        seen_at, seen = self._prove(fault.effect, PROOF_DEADLINE_S)
        self._write(name, fault, "not-effective" if seen_at is None else "effective", seen, seen_at)

    def heal(self, name: str) -> None:
        """Heal one fault and prove it; healing what is not injected (any more) is harmless."""
        with self._lock:
            fault = self._injected.pop(name, None)
        if fault is None:
            return
        with self._proving[name]:
            self._heal(name, fault)

    def _heal(self, name: str, fault: Fault) -> None:
        self._write(name, fault, "heal-requested", "")
        try:
            fault.heal()
        except ENGINE_FAILURES as problem:
            self._write(name, fault, "heal-failed", str(problem))
            return
        self._write(name, fault, "healed", "")
        seen_at, seen = self._prove(fault.recovered, HEAL_DEADLINE_S)
        self._write(name, fault, "heal-failed" if seen_at is None else "heal-verified", seen, seen_at)

    def heal_all(self) -> None:
        """Heal whatever is still injected, newest first."""
        for name in reversed(list(self._injected)):
            self.heal(name)

    def undo_all(self) -> None:
        """Undo whatever is still injected without waiting for proof: the nodes are about to go."""
        for name in reversed(list(self._injected)):
            fault = self._injected.pop(name)
            try:
                fault.heal()
            except ENGINE_FAILURES as problem:
                self._say(f"{name}: {problem}")

    def _prove(self, look: Callable[[], tuple[bool, str]], deadline: float) -> tuple[float | None, str]:
        """(start of the look that saw it or None, what was seen last)."""
        until = time.monotonic() + deadline
        while True:
            began = self._now()
            try:
                proven, seen = look()
            except ENGINE_FAILURES as problem:
                proven, seen = False, f"{type(problem).__name__}: {problem}"
            if proven:
                return began, seen
            if time.monotonic() >= until:
                return None, f"not seen within {deadline:.0f} s; last: {seen}"
            time.sleep(LOOK_EVERY_S)

    def _write(self, name: str, fault: Fault, state: str, detail: str, t: float | None = None) -> None:
        moment = self._now() if t is None else t
        self._journal.write(FaultEvent(moment, fault.kind, name, fault.target.name, state, detail))
        self._say(f"{fault.kind} {fault.target.name}: {state}{' (' + detail + ')' if detail else ''}")
