"""Custody of faults: intent before act, proof after, and a heal that always happens.

Healing has its own deadline and begins before anything is written or said: no lock, file or terminal
that traffic can hold stands before it.

What is broken before it is hit proves nothing: the first fault on a node is looked for before it is injected, and
one that is there already in every look of a second is not effective, and not injected. While another fault is in
force anywhere that cannot be told: a server may be silent because the name server it asks is dead.

Faults stack. One whose node is down cannot be applied (``masked``), or loses what it did when the node is
started again or when another of its kind on the same node is healed: then it is applied again, and proven.
One that cannot be healed while another is in force on its node is tried again when one of them is healed
(``heal-later``). What a heal did may not be seen while another fault is in force: it is verified when that is
gone, or at the end of the drill.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from maildrill.cluster.engine import ENGINE_FAILURES
from maildrill.custody.charge import Charge, State
from maildrill.custody.charges import Charges
from maildrill.custody.rest import undo_rest
from maildrill.faults import Fault
from maildrill.journal.events import Fault as FaultEvent
from maildrill.journal.writer import JournalWriter

HIDDEN_DEADLINE_S = 2.0
"""How long a heal is looked at while another fault on the same node may hide it."""
BROKEN_FOR_S = 1.0
"""How long it must be there before a fault is injected, to be no single look that came too late on a busy machine."""
TRY_EVERY_S = 0.1
"""How soon a fault is applied again to a node that was just started, and does not run what is to be broken yet."""


class Care:
    """Injects and heals faults of one drill and writes down what became of each."""

    def __init__(self, journal: JournalWriter, now: Callable[[], float], say: Callable[[str], None]) -> None:
        self._journal = journal
        self._now = now
        self._say = say
        self._charges = Charges()
        self._unverified: dict[str, Charge] = {}
        self._closed = False

    def inject(self, name: str, fault: Fault) -> None:
        """Write the intent, act, prove the effect from outside; never raises for a failed fault.

        A heal that is due meanwhile waits, so that it cannot be overtaken by what it undoes.
        """
        charge = Charge(name, fault, self._now)
        self._write(charge, "requested", "")
        with charge.injecting:  # before anybody can find it
            if self._charges.take(charge):
                self._begin(charge)

    def took(self, name: str) -> bool:
        """Whether this fault's injection has begun (or was refused): from then on a heal cannot come too early."""
        return self._charges.knows(name)

    def _begin(self, charge: Charge) -> None:
        """Inject it, unless its effect would prove nothing, or the drill has ended while that was looked at."""
        why = self._seen_before(charge)
        if why:
            self._write(charge, "not-effective", why)
        if why or self._charges.refusing:
            charge.state = State.NOT_INJECTED
            self._charges.end(charge, True)
        else:
            self._inject(charge, "injected", self._apply(charge, 0.0))

    def _seen_before(self, charge: Charge) -> str:
        """Why its effect would prove nothing: it is there already, and no other fault of the drill can be why."""
        until = time.monotonic() + BROKEN_FOR_S
        while charge.comes_first:
            seen_at, seen = charge.effect.within(0.0, self._over)
            if seen_at is None or self._charges.hiding(charge):
                break
            if time.monotonic() >= until:
                return f"not injected: what it is to bring about is there before it: {seen}"
            time.sleep(TRY_EVERY_S)
        return ""

    def _apply(self, charge: Charge, patience: float) -> str:
        """Apply it, trying again for ``patience`` s; why that failed, empty if it did not."""
        charge.acts, until = True, time.monotonic() + patience
        while True:
            try:
                charge.fault.inject()
                return ""
            except ENGINE_FAILURES as problem:  # a fault that cannot be applied is a result, not a crash
                if time.monotonic() >= until or self._charges.refusing:
                    return f"inject: {problem}"
            time.sleep(TRY_EVERY_S)

    def _inject(self, charge: Charge, state: str, problem: str) -> None:
        """Write down what came of applying it, and prove the effect."""
        moment = self._now()
        charge.tried()
        charge.masked = bool(problem and self._charges.beside(charge))
        if problem:
            self._write(charge, "masked" if charge.masked else "not-effective", problem, moment)
            return
        self._write(charge, state, "", moment)
        seen_at, seen = charge.effect.within(charge.fault.proof_deadline(), self._over)
        if seen_at is None and self._closed:
            return
        self._write(charge, "not-effective" if seen_at is None else "effective", seen, seen_at)

    def heal(self, name: str) -> bool:
        """Heal one fault and prove it; healing what is not injected (any more) is harmless.

        True unless the heal failed, or must wait until another fault is healed. One that somebody else is healing is
        waited for.
        """
        charge, is_mine = self._charges.claim(name)
        if charge is None:
            return True
        return self._heal(charge) if is_mine else charge.await_end()

    def _heal(self, charge: Charge) -> bool:
        """Heal one that was claimed."""
        outcome, is_well = State.FAILED, False
        try:
            outcome = self._undo(charge)
            is_well = outcome is State.NOT_INJECTED
            if outcome is State.HEALED:
                self._heal_later_ones(charge)
                self._apply_again(charge)
                is_well = self._verify(charge)
            return is_well
        finally:
            if outcome is not State.LATER:  # else it is whose who claims it next
                self._charges.end(charge, is_well)

    def _undo(self, charge: Charge) -> State:
        """HEALED, FAILED, NOT_INJECTED, or LATER if another on the node may have stood in the way and still does."""
        charge.fault.call_off()
        with charge.injection_over():
            while charge.state is not State.NOT_INJECTED:
                may_hinder = self._charges.beside(charge)
                if self._try_to_undo(charge, bool(may_hinder)):
                    return State.HEALED
                if not may_hinder:
                    return State.FAILED
                self._charges.postpone(charge)
                if self._charges.beside(charge) or not self._charges.claim(charge.name)[1]:
                    return State.LATER
            return State.NOT_INJECTED

    def _try_to_undo(self, charge: Charge, is_hindered: bool) -> bool:
        began, deadline = self._now(), charge.fault.heal_deadline()
        charge.undo()
        self._write(charge, "heal-requested", "", began)
        try:
            charge.undone(deadline)
        except ENGINE_FAILURES as problem:
            self._write(charge, "heal-later" if is_hindered else "heal-failed", str(problem))
            return False
        charge.state = State.HEALED
        self._write(charge, "healed", "")
        return True

    def _heal_later_ones(self, healed: Charge) -> None:
        """Those on its node that could not be healed while it was in force."""
        for charge in self._charges.beside(healed, (State.LATER,)):
            if self._charges.claim(charge.name)[1]:
                self._heal(charge)

    def _apply_again(self, healed: Charge) -> None:
        """Faults in force on its node come back: where it was started anew, those of its kind, and the masked."""
        for charge in self._charges.beside(healed, (State.IN_FORCE,)):
            if self._is_lost(charge, healed):
                with charge.injection_over() as is_over:
                    if is_over and self._is_lost(charge, healed):
                        patience = charge.fault.proof_deadline() if charge.started_anew() else 0.0
                        self._inject(charge, "injected-again", self._apply(charge, patience))

    def _is_lost(self, charge: Charge, healed: Charge) -> bool:
        """Whether it is to be applied again, now that another was healed. In a drill that ends, nothing is."""
        if self._charges.refusing or charge.state is not State.IN_FORCE:
            return False
        undone = charge.fault.kind == healed.fault.kind or charge.started_anew()
        return charge.masked or (undone and not charge.fault.applied_once)

    def _verify(self, charge: Charge) -> bool:
        """Prove a heal; if other faults may hide it, leave that to whoever heals the last of them."""
        hidden = bool(self._charges.hiding(charge))
        deadline = HIDDEN_DEADLINE_S if hidden else charge.fault.recovery_deadline()
        seen_at, seen = charge.recovered.within(deadline, self._over)
        if seen_at is None and self._charges.among(State.IN_FORCE, State.LATER):
            self._write(charge, "verify-later", seen)
            self._unverified[charge.name] = charge
            return True
        self._verified(charge, seen_at, seen)
        for other in self._clear():
            self._verify(other)
        return seen_at is not None

    def _verified(self, charge: Charge, seen_at: float | None, seen: str) -> None:
        if seen_at is not None or not self._closed:
            self._write(charge, "heal-failed" if seen_at is None else "heal-verified", seen, seen_at)

    def _clear(self) -> list[Charge]:
        """Those whose heal other faults hid until now; they are the caller's to verify."""
        clear = [charge for charge in list(self._unverified.values()) if not self._charges.hiding(charge)]
        return [charge for charge in clear if self._unverified.pop(charge.name, None)]

    def verify_rest(self) -> None:
        """What healing did is looked at a last time, but for nodes on which another fault stays in force."""
        for charge in self._clear():
            self._verified(charge, *charge.recovered.within(HIDDEN_DEADLINE_S, self._over))

    def stop_injecting(self) -> None:
        """From now on nothing is injected, and nothing again: the drill ends early."""
        self._charges.refuse()

    def heal_all(self) -> None:
        """Heal whatever is still injected, newest first, and prove it; wait for what others are healing."""
        for charge in [*reversed(self._charges.among(State.IN_FORCE, State.LATER)), *self._charges.all()]:
            try:
                self.heal(charge.name)
            except Exception as problem:  # whatever is wrong with one heal, the others are owed theirs
                self._write(charge, "heal-failed", f"{type(problem).__name__}: {problem}")

    def undo_all(self) -> None:
        """Undo whatever is still injected without waiting for proof: the nodes are about to go.

        Nothing is injected any more. Newest first; one that hangs is left behind after its deadline.
        """
        self._charges.refuse()
        self._closed = True
        for problem in undo_rest(self._charges):
            self._say(problem)

    def _over(self) -> bool:
        return self._closed

    def _write(self, charge: Charge, state: str, detail: str, t: float | None = None) -> None:
        moment, fault = self._now() if t is None else t, charge.fault
        self._journal.write(FaultEvent(moment, fault.kind, charge.name, fault.target.name, state, detail))
        self._say(f"{fault.kind} {fault.target.name}: {state}{' (' + detail + ')' if detail else ''}")
