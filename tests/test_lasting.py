"""How long a fault lasts: `for` counts from when its target was found, however long that took."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from maildrill.catalogue import load_pair
from maildrill.cluster.clusterfile import load_any_cluster
from maildrill.drill import timeline as timeline_module
from maildrill.drill.recovery import Recoveries
from maildrill.drill.timeline import Timeline
from maildrill.errors import BadInput

PLAN = "scenario: one\ntitle: One\nobjectives: {lost: 0}\ntimeline:\n"
HELD = "  - {at: 0s, fault: freeze, target: {role: store, holds: user1}, for: 300ms}\n"


class Custody:
    """Writes down when it was told to do what."""

    def __init__(self) -> None:
        self.acts: dict[str, float] = {}

    def inject(self, name: str, fault: Any) -> None:
        self.acts["inject"] = time.monotonic()

    def heal(self, name: str) -> bool:
        self.acts["heal"] = time.monotonic()
        return True

    def took(self, name: str) -> bool:
        return "inject" in self.acts


def lasting(folder: Path, resolving: float) -> float:
    """How long the fault was in force, s, when it takes so long to find its target."""
    (folder / "s.yaml").write_text(PLAN + HELD)
    plan = load_pair(folder / "s.yaml")[0]
    nodes = {
        name: SimpleNamespace(name=name, roles=node.roles, site=node.site, attached=None)
        for name, node in load_any_cluster(plan.cluster).nodes.items()
    }

    def holder(user: str, among: list[Any]) -> tuple[str, str]:
        time.sleep(resolving)
        return among[0].name, "seen there"

    care, journal = Custody(), SimpleNamespace(write=lambda event: None)
    recoveries = Recoveries(journal, lambda: 0.0, lambda said: None, care, folder)  # type: ignore[arg-type]
    ask: Any = SimpleNamespace(holder=holder)
    Timeline(plan, nodes, SimpleNamespace(), care, recoveries, ask, seed=3).run(lambda: None)  # type: ignore[arg-type]
    return care.acts["heal"] - care.acts["inject"]


@pytest.mark.parametrize("resolving", [0.0, 0.2, 0.8])
def test_a_fault_lasts_as_long_as_it_says(tmp_path: Path, resolving: float) -> None:
    """Even if it took longer to find its target than it lasts."""
    assert 0.25 <= lasting(tmp_path, resolving) < 0.55


def test_a_target_that_is_found_late_is_healed_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline_module, "RESOLVING_S", 0.1, raising=False)
    assert lasting(tmp_path, 1.0) > 0


LOOP = "  - {at: 0s, fault: restart-loop, target: {role: mx}, for: 4s}\n"
KILL = "  - {at: 2s, fault: kill, target: {role: mx}, for: 4s}\n"


@pytest.mark.parametrize(
    ("first", "second", "refused"),
    [
        (LOOP, KILL, True),
        (LOOP, KILL.replace("kill", "stop"), True),
        (KILL.replace("2s", "0s"), LOOP.replace("0s", "1s"), True),
        (LOOP, KILL.replace("2s", "4s"), False),
        (LOOP, KILL.replace("role: mx", "role: store"), False),
        (LOOP, KILL.replace("role: mx", "role: mx, pick: random"), False),
        (LOOP, KILL.replace("kill", "freeze"), False),
    ],
)
def test_a_loop_of_restarts_would_start_what_another_fault_keeps_down(
    tmp_path: Path, first: str, second: str, refused: bool
) -> None:
    """Where it is known before the start that they meet, that is refused with the place of the second."""
    path = tmp_path / "s.yaml"
    path.write_text(PLAN + first + second)
    if not refused:
        assert load_pair(path)[0]
        return
    with pytest.raises(BadInput, match=r"s.yaml:6:5: timeline\[1\]: .* on mx1 at one time: the loop would start it"):
        load_pair(path)
