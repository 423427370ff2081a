"""Numbers that a drill counts and does not prove: they are neither compared nor held against, or for, anybody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from planted_drill import census, frame_of_drill, message
from planted_drill import run as measure_planted
from test_compare_score import PROFILE, stated

from maildrill.compare.build import compare, see_cells
from maildrill.compare.cells import Attempt, Cell
from maildrill.compare.doubts import doubts
from maildrill.compare.metrics import Waits, observe
from maildrill.compare.model import CellSeen
from maildrill.compare.plan import Plan, PlannedCluster, PlannedScenario, order_cells
from maildrill.compare.profile import Requirements
from maildrill.compare.score import Hard
from maildrill.journal.writer import JournalWriter
from maildrill.measure.result import Diagnostic, Result

BLIND = ["queues: those of an attached system are not looked at"]
UNREAD = [Diagnostic(code="CENSUS_INCOMPLETE", message="not read to the end: a")]


def drill(lost: int = 0, corrupt: int = 0, **fields: Any) -> Result:
    events = [*frame_of_drill(), *message("m1", "accepted"), *census({"a@example.test": ["m1"]})]
    found = measure_planted(events)
    ledger = found.ledger.model_copy(update={"lost_all_streams": lost, "corrupt": corrupt})
    return found.model_copy(update={"ledger": ledger, "not_measured": [], "diagnostics": [], **fields})


@pytest.mark.parametrize(
    ("result", "doubted"),
    [
        (drill(), set()),
        (drill(lost=2), set()),
        (drill(not_measured=BLIND), {"held"}),
        (drill(lost=2, not_measured=BLIND), {"held", "lost", "rpa"}),
        (drill(diagnostics=UNREAD), {"held", "lost", "rpa", "corrupt", "misdelivered", "system_duplicates"}),
        (drill(corrupt=1, diagnostics=UNREAD), {"held", "lost", "rpa", "misdelivered", "system_duplicates"}),
        (drill(rpa=drill().rpa.model_copy(update={"accepted": 0})), {"lost", "rpa"}),
        (drill(services={"inbound": drill().services["inbound"].model_copy(update={"rta_s": None})}), {"rta_inbound"}),
    ],
    ids=["all seen", "loss seen", "queues", "loss or queues", "mailboxes", "found anyway", "nothing sent", "away"],
)
def test_what_nobody_looked_at_is_not_a_number(result: Result, doubted: set[str]) -> None:
    assert set(doubts(result)) == doubted
    assert not set(observe(result, Waits([], []), 1.0)) & doubted


def lost_of_a(*drills: Result) -> Hard:
    """What the requirement to lose nothing says of cluster a after these drills; b lost nothing."""
    cells = order_cells(["a", "b"], ["s"], len(drills), 1)
    plan = Plan(
        maildrill_version="1", created="", seed=1, repeats=len(drills), reruns=0, cells=cells,
        scenarios=[PlannedScenario(name="s", title="", why="", file="", sha256="", need_s=1)],
        clusters=[PlannedCluster(name=name, given="", about="", sha256="") for name in "ab"],
    )  # fmt: skip
    seen = []
    for cell in cells:
        result = drills[cell.repeat - 1] if cell.cluster == "a" else drill()
        observations = observe(result, Waits([], []), 1.0)
        seen.append(
            CellSeen(**cell.model_dump(), verdict="pass", folder=cell.cell, maildrill_version="1", attempts=[],
                     observations=observations, doubts=doubts(result))
        )  # fmt: skip
    profile = PROFILE.model_copy(update={"require": Requirements(lost=0)})
    found = compare(plan, seen, [profile], [stated("a"), stated("b")])
    unsure = any("lost" in one.doubts for one in seen)
    assert ("messages lost of a" in found.headline) == unsure
    assert bool([one for one in found.differences if one.metric == "lost"]) != unsure
    row = next(row for row in found.scoreboards[0].rows if row.cluster == "a")
    return next(one for one in row.hard if "lost" in one.requirement)


def test_mail_that_may_wait_in_a_queue_is_neither_lost_nor_kept() -> None:
    """One drill in doubt leaves the requirement open; one that lost mail for sure fails it, whatever the doubt."""
    unsure = drill(lost=2, not_measured=BLIND)
    assert lost_of_a(drill(), drill()).status == "met"
    found = lost_of_a(drill(), unsure)
    assert (found.status, found.found) == ("open", "worst 0; no look at the queues, where missing mail may wait in s")
    assert lost_of_a(unsure, unsure).found == "no look at the queues, where missing mail may wait in s"
    assert lost_of_a(drill(lost=1), unsure).status == "failed"


def test_who_takes_no_mail_at_all_is_not_the_quicker_for_it(tmp_path: Path) -> None:
    """Of two drills the second accepted nothing after the fault: the latency of the first cannot stand for both."""
    cells = order_cells(["a", "b"], ["s"], 2, 1)
    plan = Plan(
        maildrill_version="1", created="", seed=1, repeats=2, reruns=0, cells=cells,
        scenarios=[PlannedScenario(name="s", title="", why="", file="", sha256="", need_s=1)],
        clusters=[PlannedCluster(name=name, given="", about="", sha256="") for name in "ab"],
    )  # fmt: skip
    drills = []
    for cell in cells:
        became = "temporary" if (cell.cluster, cell.repeat) == ("a", 2) else "accepted"
        mail = [*message("m1", "accepted", t=2.0), *message("m2", became, t=7.0)]
        events = sorted([*frame_of_drill(), *mail, *census({"a@example.test": ["m1", "m2"]})], key=lambda one: one.t)
        (tmp_path / cell.cell).mkdir()
        journal = JournalWriter(tmp_path / cell.cell / "journal.ndjson")
        for event in events:
            journal.write(event)
        journal.close()
        result = measure_planted(events).model_copy(update={"verdict": "fail"})
        drills.append(Cell(cell, [Attempt(tmp_path / cell.cell, result)]))
    found = compare(plan, see_cells(tmp_path, plan, drills)[0])
    assert found.doubts["s", "latency_p95", "a"] == "no mail accepted after the timeline began"
    assert [one.cluster for one in found.summaries if one.metric == "latency_p95"] == ["b"]
    assert "delivery latency p95 of a" in found.headline
