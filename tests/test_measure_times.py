"""What outages are counted from, and the times of messages, on planted histories."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maildrill.measure.result import FaultLife, Outage
from maildrill.measure.runs import fold, unseen_after, with_gaps
from maildrill.measure.services import find_outages
from maildrill.scenario.model import Scenario

PLAN = Scenario.model_validate({
    "scenario": "p", "title": "P", "objectives": {"lost": 0},
    "timeline": [{"at": 0, "fault": "kill", "target": {"role": "mx"}}],
})  # fmt: skip
KILL = FaultLife(kind="kill", target="mx1", name="k", requested_at=9.9, effective_at=10.0, heal_requested_at=30.0)


def outages(*down: tuple[float, float], horizon: float = 60.0) -> list[Outage]:
    """Probes every 0.1 s that take 0.05 s, or 0.5 s when they fail: while due in ``down``."""
    dues = [i / 10 for i in range(int(horizon * 10))]
    bad = [any(a <= due < b for a, b in down) for due in dues]
    probes = pl.DataFrame({
        "t": dues, "service": ["s"] * len(dues), "ok": [not fails for fails in bad],
        "end": [due + (0.5 if fails else 0.05) for due, fails in zip(dues, bad, strict=True)],
    })  # fmt: skip
    runs = with_gaps(fold(probes, unseen_after(0.1))["s"], 0.0, horizon, unseen_after(0.1))
    return find_outages(runs, [KILL], horizon, PLAN)


def test_outages_are_counted_from_the_effect_and_from_the_heal() -> None:
    first, second = outages((12.0, 13.0), (31.0, 32.0))
    assert first.trigger
    assert second.trigger
    assert (first.trigger.state, second.trigger.state) == ("effective", "heal-requested")


def test_a_probe_due_before_the_effect_may_be_its_victim() -> None:
    (only,) = outages((9.6, 12.0))
    assert only.trigger is not None
    (before,) = outages((5.0, 6.0))
    assert before.trigger is None


def test_a_relapse_belongs_to_the_same_outage() -> None:
    (only,) = outages((10.0, 12.0), (18.0, 19.0))
    assert (only.start, only.lower, only.upper) == pytest.approx((10.0, 18.9, 19.05))


def test_success_shorter_than_the_window_is_not_a_recovery() -> None:
    (only,) = outages((10.0, 58.0))
    assert only.upper is None
    assert only.observed_s == pytest.approx(2.0)


@settings(max_examples=50, deadline=None)
@given(start=st.integers(100, 300), length=st.integers(1, 200))
def test_the_interval_holds_the_planted_end(start: int, length: int) -> None:
    end = (start + length) / 10
    (only,) = outages((start / 10, end))
    assert only.upper is not None
    assert only.start == start / 10
    assert only.lower < end < only.upper
