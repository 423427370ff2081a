"""The scoreboard of a profile: hard requirements first, then a weighted sum with all its arithmetic.

A criterion's raw value is the worst of its scenarios' medians; a hard requirement must hold in every
single drill. Scores compare with the profile's own ``good`` and ``bad``, never with the other
candidates, so adding a candidate changes nobody's score. What was not measured or not stated is open,
and is worth 0; so is what was measured in some scenarios only, because the worst one may be missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from typing import Literal

from pydantic import Field

from maildrill.compare.metrics import BY_KEY, LEDGER_DEFECTS
from maildrill.compare.observation import Observation, ordered
from maildrill.compare.order import Confidence
from maildrill.compare.profile import Candidate, Profile, Weight
from maildrill.measure.part import Part
from maildrill.scenario.model import SERVICES

Status = Literal["met", "failed", "open"]


class Hard(Part):
    """One hard requirement and what was found."""

    requirement: str
    found: str
    status: Status


class Product(Part):
    """One criterion: product = weight x normalised. ``low``, ``high``: at the ends of the median's interval.

    Both are None where a median comes from one drill: that has no interval.
    Where a scenario gave nothing usable, ``raw`` is the worst of the others, product and ``low`` are 0.
    """

    criterion: str
    raw: str
    good: str
    bad: str
    arithmetic: str
    normalised: float
    weight: float
    product: float
    low: float | None
    high: float | None


class Row(Part):
    """One candidate. ``rank`` is None unless every hard requirement is met; equal scores share it."""

    cluster: str
    candidate: str | None
    title: str
    example: bool
    rank: int | None = None
    hard: list[Hard]
    products: list[Product]
    score: float = Field(description="the sum of the products, 0 to 100")
    low: float | None = Field(description="the sum of the products' ends; None: one of them has no interval")
    high: float | None
    stated_before: bool = Field(True, description="its candidate file is as it was before the first drill, or none")

    @property
    def standing(self) -> int:
        """0: every hard requirement met; 1: one or more open; 2: one failed."""
        statuses = {one.status for one in self.hard}
        return 2 if "failed" in statuses else 1 if "open" in statuses else 0

    @property
    def could_be(self) -> str:
        """The scores that the drills allow: "70.0 to 80.0", or that one drill of each does not tell."""
        if self.low is None or self.high is None:
            return "not known: one drill"
        return f"{self.low:.1f}" + (f" to {self.high:.1f}" if self.high - self.low >= 0.05 else "")


class Scoreboard(Part):
    """The candidates in order: whoever fails a hard requirement stands below everyone who meets all."""

    profile: str
    title: str
    about: str
    organisation: str
    fixed_before: bool = Field(description="the profile was named before the first drill ran")
    rows: list[Row]


@dataclass(frozen=True)
class Evidence:
    """What the drills of one cluster say: of each metric all values, and each scenario's median.

    ``missing``: of each metric the scenarios that should have given a value and did not. ``doubts``: of each metric
    what was not there, and where, so that its number is not proven.
    """

    values: dict[str, list[Observation]]
    medians: dict[str, list[Observation]]
    intervals: dict[str, list[Confidence]]
    missing: dict[str, list[str]] = field(default_factory=dict)
    doubts: dict[str, list[str]] = field(default_factory=dict)

    def gap(self, metric: str) -> str:
        """ "nothing usable from store-kill", or nothing, if every scenario gave a value that it proves."""
        names = self.missing.get(metric, [])
        nothing = [f"nothing usable from {', '.join(names)}"] if names else []
        return "; ".join([*nothing, *self.doubts.get(metric, [])])


def _worst(values: Iterable[Observation]) -> Observation | None:
    row = ordered(list(values))
    return row[-1] if row else None


def _measured(name: str, limit: float | None, evidence: Evidence) -> Iterable[Hard]:
    if limit is None:
        return
    metric, values, gap = BY_KEY[name], evidence.values.get(name, []), evidence.gap(name)
    over = [one for one in values if (one.value >= limit if one.censored else one.value > limit)]
    worst = _worst(over or values)
    unit = f" {metric.unit}" if metric.unit else ""
    needed = f"{metric.title} at most {limit:g}{unit} in every drill"
    if worst is None:
        yield Hard(requirement=needed, found=gap or "not measured", status="open")
        return
    text = "; ".join(filter(None, (f"worst {worst.text(metric.unit)}", gap)))
    yield Hard(requirement=needed, found=text, status="failed" if over else "open" if worst.censored or gap else "met")


def _all_of(what: str, needed: Sequence[str], stated: Sequence[str] | None) -> Iterable[Hard]:
    for one in needed:
        status: Status = "open" if stated is None else "met" if one in stated else "failed"
        found = {"open": "not stated", "met": "stated", "failed": "not among those stated"}[status]
        yield Hard(requirement=f"{what}: {one}", found=found, status=status)


def _stated(profile: Profile, candidate: Candidate | None) -> Iterable[Hard]:
    """The requirements a drill cannot see."""
    need, budget = profile.require, profile.budget
    price = candidate.price_per_mailbox_month if candidate else None
    limit = f"price at most {budget.per_mailbox_month:g} {budget.currency} per mailbox and month"
    status: Status = "open" if price is None else "met" if price <= budget.per_mailbox_month else "failed"
    yield Hard(
        requirement=limit, found="not stated" if price is None else f"{price:g} {budget.currency}", status=status
    )
    if need.regions:
        where = candidate.regions if candidate else None
        status = "open" if not where else "met" if set(where) <= set(need.regions) else "failed"
        found = ", ".join(where or []) or "not stated"
        yield Hard(requirement=f"mail is stored only in {', '.join(need.regions)}", found=found, status=status)
    yield from _all_of("certification", need.certifications, candidate.certifications if candidate else None)
    yield from _all_of("security", need.security, candidate.security if candidate else None)
    if need.support_hours_per_week is not None:
        hours = candidate.support_hours_per_week if candidate else None
        status = "open" if hours is None else "met" if hours >= need.support_hours_per_week else "failed"
        found = "not stated" if hours is None else f"{hours:g} h"
        yield Hard(
            requirement=f"support at least {need.support_hours_per_week:g} hours a week", found=found, status=status
        )


def hard_requirements(profile: Profile, evidence: Evidence, candidate: Candidate | None) -> list[Hard]:
    """Every hard requirement of the profile, with what was found."""
    need = profile.require
    limits: dict[str, float | None] = {
        **{name: getattr(need, name) for name in ("lost", "held", "system_duplicates", *LEDGER_DEFECTS)},
        "rpa": need.rpo,
        "catch_up": need.catch_up,
        **{f"rta_{name}": getattr(need.rto, name) for name in SERVICES},
    }
    found = [one for name, limit in limits.items() for one in _measured(name, limit, evidence)]
    return [*found, *_stated(profile, candidate)]


def normalised(value: Observation | None, scale: Weight) -> float:
    """1 at ``good`` and better, 0 at ``bad`` and worse, linear between; a censored value, or none, is 0."""
    if value is None or value.censored:
        return 0.0
    return min(1.0, max(0.0, (scale.bad - value.value) / (scale.bad - scale.good)))


def _arithmetic(value: Observation | None, scale: Weight, gap: str) -> str:
    if gap:
        return f"0, because there was {gap}"
    if value is None or value.censored:
        return "0, because it was not measured" if value is None else "0, because it has no upper bound"
    share = (scale.bad - value.value) / (scale.bad - scale.good)
    text = f"({scale.bad:g} - {value.value:.4g}) / ({scale.bad:g} - {scale.good:g}) = {share:.3f}"
    return text if 0 <= share <= 1 else f"{text}, limited to {min(1, max(0, share)):g}"


def _product(name: str, scale: Weight, evidence: Evidence, candidate: Candidate | None, currency: str) -> Product:
    metric, stated = BY_KEY.get(name), None
    if metric is None and candidate is not None:
        stated = candidate.price_per_mailbox_month if name == "price" else candidate.support_hours_per_week
    unit = metric.unit if metric else currency if name == "price" else "h"
    value = _worst(evidence.medians.get(name, [])) if stated is None else Observation(value=stated)
    ends = evidence.intervals.get(name, [])
    low = _worst(one.high for one in ends) if ends else value
    high = _worst(one.low for one in ends) if ends else value
    gap = evidence.gap(name)
    share = 0.0 if gap else normalised(value, scale)
    ranged = all(one.coverage > 0 for one in ends)
    return Product(
        criterion=metric.title if metric else name.replace("_", " "),
        raw="none" if value is None else value.text(unit),
        good=f"{scale.good:g} {unit}".rstrip(),
        bad=f"{scale.bad:g} {unit}".rstrip(),
        arithmetic=_arithmetic(value, scale, gap),
        normalised=share,
        weight=scale.weight,
        product=scale.weight * share,
        low=(0.0 if gap else scale.weight * normalised(low, scale)) if ranged else None,
        high=scale.weight * (1.0 if gap and high is None else normalised(high, scale)) if ranged else None,
    )


def score_row(cluster: str, profile: Profile, evidence: Evidence, candidate: Candidate | None) -> Row:
    """One candidate's requirements and score."""
    products = [
        _product(name, scale, evidence, candidate, profile.budget.currency)
        for name, scale in profile.weights.given().items()
    ]
    return Row(
        cluster=cluster,
        candidate=candidate.candidate if candidate else None,
        title=candidate.title if candidate else cluster,
        example=bool(candidate and candidate.example),
        hard=hard_requirements(profile, evidence, candidate),
        products=products,
        score=sum(one.product for one in products),
        low=_sum([one.low for one in products]),
        high=_sum([one.high for one in products]),
    )


def _sum(ends: Sequence[float | None]) -> float | None:
    known = [one for one in ends if one is not None]
    return sum(known) if len(known) == len(ends) else None


def _placed(rows: Sequence[Row]) -> list[Row]:
    """In order; a place is one more than the number of those who are better, so equal scores share it."""
    ordered_rows = sorted(rows, key=lambda row: (row.standing, -round(row.score, 6), row.cluster))
    scores = [round(row.score, 6) for row in rows if not row.standing]
    places = {score: 1 + sum(other > score for other in scores) for score in scores}
    return [
        row if row.standing else row.model_copy(update={"rank": places[round(row.score, 6)]}) for row in ordered_rows
    ]


def scoreboard(
    profile: Profile,
    evidence: dict[str, Evidence],
    candidates: dict[str, Candidate],
    *,
    fixed_before: bool,
    stated_late: Set[str] = frozenset(),
) -> Scoreboard:
    """All candidates of one profile; only those who meet every hard requirement have a rank.

    ``stated_late``: the clusters whose candidate file was not there, or another one, before the first drill.
    """
    rows = [score_row(name, profile, found, candidates.get(name)) for name, found in evidence.items()]
    rows = [row.model_copy(update={"stated_before": row.cluster not in stated_late}) for row in rows]
    who = profile.organisation
    return Scoreboard(
        profile=profile.profile,
        title=profile.title,
        about=profile.about,
        organisation=f"{who.mailboxes} mailboxes, {who.industry}; up to {profile.budget.per_mailbox_month:g} "
        f"{profile.budget.currency} per mailbox and month",
        fixed_before=fixed_before,
        rows=_placed(rows),
    )
