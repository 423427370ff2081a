"""What this machine can do: features probed once per process, with everything made for it removed again."""

from __future__ import annotations

import secrets
from typing import Any

from maildrill.cluster.engine import ENGINE_FAILURES
from maildrill.cluster.images import ensure_images
from maildrill.custody.guard import Guard
from maildrill.custody.sweep import remove_session
from maildrill.errors import Skipped
from maildrill.faults import KINDS, Fault
from maildrill.faults.features import FEATURES, Machine, probe
from maildrill.faults.helper import Helper
from maildrill.scenario.model import Scenario

_known: dict[str, dict[str, str]] = {}


def look(client: Any, names: set[str]) -> dict[str, str]:
    """Feature -> "" if this engine's machine has it, else the reason. Asked again, it answers from memory."""
    known = _known.setdefault(str(client.info()["ID"]), {})
    unknown = sorted(names - known.keys())
    if unknown:
        known.update(_look(client, unknown))
    return {name: known[name] for name in sorted(names)}


def _look(client: Any, names: list[str]) -> dict[str, str]:
    image, session = ensure_images(client, ["helper"], say=lambda _: None)["helper"], secrets.token_hex(4)
    guard = Guard(client, image, session)
    helper, problem = Helper(client, image, session), ""
    try:
        try:
            helper.start()
        except ENGINE_FAILURES as refused:
            problem = f"the engine refused the helper container: {refused}"
        return probe(Machine(client, image, session, helper, helper.container, problem), names)
    finally:
        remove_session(client, session)
        guard.release()


def why_not(kind: type[Fault], missing: dict[str, str]) -> str:
    """Why a kind of fault cannot be done: the reasons, and how to mend it; empty if it can."""
    lacks = [name for name in kind.needs if missing.get(name)]
    reasons = [f"no {name}: {missing[name]}{_mend(name)}" for name in lacks]
    return "; ".join(reasons)


def _mend(name: str) -> str:
    return f" ({FEATURES[name].mend})" if name in FEATURES else ""


def check_machine(client: Any, scenario: Scenario) -> None:
    """Raises Skipped with the reason if this machine cannot do a fault of the scenario."""
    kinds = {step.fault: KINDS[step.fault] for _, step in scenario.faults()}
    needs = {name for kind in kinds.values() for name in kind.needs}
    if not needs:
        return
    missing = look(client, needs)
    reasons = [f"{name}: {why}" for name, kind in kinds.items() if (why := why_not(kind, missing))]
    if reasons:
        raise Skipped(f"{scenario.scenario} skipped, this machine cannot do it: {'; '.join(reasons)}")
