"""Custody of faults: intent before act, proof after, and a heal that always happens.

Healing has its own deadline and begins before anything is written or said: no lock, file or terminal
that traffic can hold stands before it.

Faults stack. One whose node is down cannot be applied (``masked``), or loses what it did when the node is
started again or when another of its kind on the same node is healed: then it is applied again, and proven.
What a heal did may not be seen while another fault is in force: it is verified when that is gone, or at the
end of the drill.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from maildrill.cluster.engine import ENGINE_FAILURES
from maildrill.custody.work import Work
from maildrill.faults import Fault
from maildrill.journal.events import Fault as FaultEvent
from maildrill.journal.writer import JournalWriter

HIDDEN_DEADLINE_S = 2.0
"""How long a heal is looked at while another fault on the same node may hide it."""
UNDO_DEADLINE_S = 15.0
INJECT_PATIENCE_S = 12.0
"""How much longer than the proof may take a heal waits for an injection under way; then it heals all the same."""
LOOK_EVERY_S = 0.02


class Care:
    """Injects and heals faults of one drill and writes down what became of each."""

    def __init__(self, journal: JournalWriter, now: Callable[[], float], say: Callable[[str], None]) -> None:
        self._journal = journal
        self._now = now
        self._say = say
        self._lock = threading.Lock()
        self._injected: dict[str, Fault] = {}
        self._unverified: dict[str, Fault] = {}
        self._masked: set[str] = set()
        self._proving: dict[str, threading.Lock] = {}
        self._refusing = False
        self._closed = False

    def inject(self, name: str, fault: Fault) -> None:
        """Write the intent, act, prove the effect from outside; never raises for a failed fault.

        A heal that is due meanwhile waits, so that it cannot be overtaken by what it undoes.
        """
        self._write(name, fault, "requested", "")
        with self._lock:
            self._proving[name] = threading.Lock()
            if self._refusing:
                return
            self._injected[name] = fault
        with self._proving[name]:
            self._inject(name, fault, "injected")

    def took(self, name: str) -> bool:
        """Whether this fault's injection has begun (or was refused): from then on a heal cannot come too early."""
        with self._lock:
            return name in self._proving

    def _inject(self, name: str, fault: Fault, state: str) -> None:
        try:
            fault.inject()
        except ENGINE_FAILURES as problem:  # a fault that cannot be applied is a result, not a crash
            masked = any(other.target.name == fault.target.name for other in self._others(name, fault))
            self._masked |= {name} if masked else set()
            self._write(name, fault, "masked" if masked else "not-effective", f"inject: {problem}")
            return
        self._masked.discard(name)
        self._write(name, fault, state, "")
        seen_at, seen = self._prove(fault.effect, fault.proof_deadline())
        if seen_at is None and self._closed:
            return
        self._write(name, fault, "not-effective" if seen_at is None else "effective", seen, seen_at)

    def _others(self, name: str, fault: Fault) -> list[Fault]:
        """The other faults in force that touch the same nodes, oldest first."""
        with self._lock:
            others = [other for its_name, other in self._injected.items() if its_name != name]
        return [other for other in others if _touched(other) & _touched(fault)]

    def heal(self, name: str) -> bool:
        """Heal one fault and prove it; healing what is not injected (any more) is harmless.

        True unless the heal failed.
        """
        with self._lock:
            fault = self._injected.pop(name, None)
        if fault is None:
            return True
        proving = self._proving[name]
        waited = proving.acquire(timeout=fault.proof_deadline() + INJECT_PATIENCE_S)
        try:
            return self._heal(name, fault)
        finally:
            if waited:
                proving.release()

    def _heal(self, name: str, fault: Fault) -> bool:
        before, began = _started_at(fault.target), self._now()
        work = Work(fault.heal)
        self._write(name, fault, "heal-requested", "", began)
        try:
            if not work.wait(deadline := fault.heal_deadline()):
                raise TimeoutError(f"healing did not return within {deadline:g} s")
            work.outcome()
        except ENGINE_FAILURES as problem:
            self._write(name, fault, "heal-failed", str(problem))
            return False
        self._write(name, fault, "healed", "")
        self._apply_again(fault, restarted=_started_at(fault.target) != before)
        return self._verify(name, fault)

    def _apply_again(self, healed: Fault, restarted: bool) -> None:
        """Faults in force on the node come back: all if it was started anew, else those of the kind and the masked."""
        with self._lock:
            others = [(n, f) for n, f in self._injected.items() if f.target.name == healed.target.name]
        for name, fault in others:
            if not (restarted or fault.kind == healed.kind or name in self._masked):
                continue
            with self._proving[name]:
                if name in self._injected:
                    self._inject(name, fault, "injected-again")

    def _verify(self, name: str, fault: Fault) -> bool:
        """Prove a heal; if other faults may hide it, leave that to whoever heals the last of them."""
        hidden = bool(self._others(name, fault))
        seen_at, seen = self._prove(fault.recovered, HIDDEN_DEADLINE_S if hidden else fault.recovery_deadline())
        if seen_at is None and self._injected:
            self._write(name, fault, "verify-later", seen)
            with self._lock:
                self._unverified[name] = fault
            return True
        self._write(name, fault, "heal-failed" if seen_at is None else "heal-verified", seen, seen_at)
        self._verify_earlier()
        return seen_at is not None

    def _verify_earlier(self) -> None:
        """Heals that other faults hid until now."""
        clear = [name for name, fault in list(self._unverified.items()) if not self._others(name, fault)]
        for name in clear:
            with self._lock:
                fault = self._unverified.pop(name, None)
            if fault is not None:
                self._verify(name, fault)

    def verify_rest(self) -> None:
        """What healing did is looked at a last time, but for nodes on which another fault stays in force."""
        clear = [name for name, fault in list(self._unverified.items()) if not self._others(name, fault)]
        for name in clear:
            fault = self._unverified.pop(name)
            seen_at, seen = self._prove(fault.recovered, HIDDEN_DEADLINE_S)
            self._write(name, fault, "heal-failed" if seen_at is None else "heal-verified", seen, seen_at)

    def stop_injecting(self) -> None:
        """From now on nothing is injected: the drill ends early."""
        with self._lock:
            self._refusing = True

    def heal_all(self) -> None:
        """Heal whatever is still injected, newest first, and prove it."""
        for name in reversed(list(self._injected)):
            self.heal(name)

    def undo_all(self) -> None:
        """Undo whatever is still injected without waiting for proof: the nodes are about to go.

        Nothing is injected any more. Newest first; one that hangs is left behind after its deadline.
        """
        with self._lock:
            self._refusing = self._closed = True
            left = list(reversed(self._injected.items()))
            self._injected.clear()
        for name, fault in left:
            work = Work(fault.heal)
            try:
                if not work.wait(UNDO_DEADLINE_S):
                    raise TimeoutError(f"healing did not return within {UNDO_DEADLINE_S:g} s")
                work.outcome()
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
            if time.monotonic() >= until or self._closed:
                return None, f"not seen within {deadline:.0f} s; last: {seen}"
            time.sleep(LOOK_EVERY_S)

    def _write(self, name: str, fault: Fault, state: str, detail: str, t: float | None = None) -> None:
        moment = self._now() if t is None else t
        self._journal.write(FaultEvent(moment, fault.kind, name, fault.target.name, state, detail))
        self._say(f"{fault.kind} {fault.target.name}: {state}{' (' + detail + ')' if detail else ''}")


def _touched(fault: Fault) -> set[str]:
    """The nodes a fault has to do with."""
    return {fault.target.name, *(peer.name for peer in fault.peers)}


def _started_at(node: Any) -> str:
    """When the node's container was last started; empty if that cannot be known."""
    try:
        node.container.reload()
        return str(node.container.attrs["State"]["StartedAt"])
    except (*ENGINE_FAILURES, AttributeError, KeyError):
        return ""
