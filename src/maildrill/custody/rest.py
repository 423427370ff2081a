"""What is still broken when the nodes are about to go: undone once more, without waiting for proof."""

from __future__ import annotations

from maildrill.custody.charge import Charge, State
from maildrill.custody.charges import Charges

UNDO_DEADLINE_S = 15.0
"""How long one fault may take; one that hangs is left behind then."""


def undo_rest(charges: Charges) -> list[str]:
    """Undo all of them, newest first, and what failed once more: another may have stood in the way. What is left."""
    failed = [charge for charge in reversed(charges.all()) if _problem(charges, charge)]
    again = [(charge, "it hangs" if charge.hangs() else _problem(charges, charge)) for charge in failed]
    return [f"{charge.name} could not be undone: {problem}" for charge, problem in again if problem]


def _problem(charges: Charges, charge: Charge) -> str:
    """Undo one; why it could not be, empty if it was. One that somebody else is healing is left to them at first."""
    if charge.state in (State.HEALING, State.HEALED):
        charge.ended.wait(UNDO_DEADLINE_S)
    if charge.state is State.HEALED:
        return ""
    charge.undo()
    try:
        charge.undone(UNDO_DEADLINE_S)
    except Exception as problem:  # whatever is wrong with one, the others are owed theirs
        return f"{type(problem).__name__}: {problem}"
    charges.end(charge, True)
    return ""
