"""Who is choosing, and what a drill cannot see: requirement profiles and candidate files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from maildrill.errors import BadInput
from maildrill.places import is_file
from maildrill.scenario.document import check, nearest, read_yaml
from maildrill.scenario.model import Strict
from maildrill.scenario.texts import Like
from maildrill.scenario.units import Duration

Name = Annotated[str, Like(r"[a-z0-9][a-z0-9.-]*", "lower-case letters, digits, dots and hyphens")]
Currency = Annotated[str, Like(r"[A-Z]{3}", 'a currency\'s three letters, such as "EUR"')]
Positive = Annotated[float, Field(gt=0, le=100)]
SecurityNeed = Literal[
    "encryption-at-rest", "two-factor", "audit-log", "immutable-backup", "virus-filter", "data-processing-agreement"
]
HOURS_OF_A_WEEK = 168


class Organisation(Strict):
    """Who is choosing."""

    mailboxes: int = Field(ge=1)
    industry: str


class Budget(Strict):
    """The most that one mailbox may cost in a month. A hard requirement."""

    per_mailbox_month: float = Field(ge=0)
    currency: Currency = "EUR"


class RecoveryTimes(Strict):
    """The longest recovery of each service that can be borne, s."""

    inbound: Duration | None = None
    submission: Duration | None = None
    mailbox: Duration | None = None
    delivery: Duration | None = None
    outbound: Duration | None = None


class Requirements(Strict):
    """What must hold in every drill, before anything is scored; absent: not required."""

    lost: int | None = Field(None, ge=0, description="acknowledged messages that may be lost")
    held: int | None = Field(None, ge=0, description="messages that may still be stuck at the end")
    system_duplicates: int | None = Field(None, ge=0, description="extra copies that may appear")
    false_rejections: int | None = Field(None, ge=0, description="messages that may be refused or bounced for good")
    premature_bounces: int | None = Field(None, ge=0, description="messages that a queue may give up and send back")
    corrupt: int | None = Field(None, ge=0, description="messages that may be read with another body than was sent")
    misdelivered: int | None = Field(None, ge=0, description="messages that may lie in a mailbox of somebody else")
    rto: RecoveryTimes = RecoveryTimes()
    rpo: Duration | None = Field(None, description="how far back acknowledged mail may be missing, s")
    catch_up: Duration | None = Field(None, description="until the backlog is visible, s")
    regions: list[str] = Field([], description="where mail may be stored: country codes; empty: anywhere")
    certifications: list[str] = Field([], description="all of these")
    security: list[SecurityNeed] = Field([], description="all of these")
    support_hours_per_week: float | None = Field(None, ge=0, le=HOURS_OF_A_WEEK)


class TimeWeight(Strict):
    """``good`` and less is worth the whole weight, ``bad`` and more nothing, linear between."""

    weight: Positive
    good: Duration
    bad: Duration

    @model_validator(mode="after")
    def _direction(self) -> Self:
        if self.good >= self.bad:
            raise ValueError("good below bad: less is better")
        return self


class NumberWeight(Strict):
    """As for times, with plain numbers."""

    weight: Positive
    good: float = Field(ge=0)
    bad: float = Field(ge=0)

    @model_validator(mode="after")
    def _direction(self) -> Self:
        if self.good >= self.bad:
            raise ValueError("good below bad: less is better")
        return self


class HoursWeight(Strict):
    """``good`` and more is worth the whole weight, ``bad`` and less nothing, linear between."""

    weight: Positive
    good: float = Field(ge=0, le=HOURS_OF_A_WEEK)
    bad: float = Field(ge=0, le=HOURS_OF_A_WEEK)

    @model_validator(mode="after")
    def _direction(self) -> Self:
        if self.good <= self.bad:
            raise ValueError("good above bad: more is better")
        return self


Weight = TimeWeight | NumberWeight | HoursWeight


class Weights(Strict):
    """What is scored. The weights add up to 100."""

    rta_inbound: TimeWeight | None = None
    rta_submission: TimeWeight | None = None
    rta_mailbox: TimeWeight | None = None
    rta_delivery: TimeWeight | None = None
    rta_outbound: TimeWeight | None = None
    catch_up: TimeWeight | None = None
    latency_p95: TimeWeight | None = None
    wait_p95: TimeWeight | None = Field(None, description="from the sender's first try until visible")
    rpa: TimeWeight | None = None
    delay_debt: NumberWeight | None = Field(None, description="message-minutes")
    lost: NumberWeight | None = None
    held: NumberWeight | None = None
    system_duplicates: NumberWeight | None = None
    false_rejections: NumberWeight | None = None
    premature_bounces: NumberWeight | None = None
    corrupt: NumberWeight | None = None
    misdelivered: NumberWeight | None = None
    price: NumberWeight | None = Field(None, description="per mailbox and month, in the budget's currency")
    support_hours_per_week: HoursWeight | None = None

    @model_validator(mode="after")
    def _hundred(self) -> Self:
        total = sum(one.weight for one in self.given().values())
        if abs(total - 100) > 1e-6:
            raise ValueError(f"weights that add up to 100, not {total:g}")
        return self

    def given(self) -> dict[str, Weight]:
        """The criteria that have a weight, in the order above."""
        every = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: one for name, one in every.items() if one is not None}


class Profile(Strict):
    """A requirement profile: hard requirements first, weights second."""

    profile: Name
    title: str
    about: str = ""
    organisation: Organisation
    budget: Budget
    require: Requirements = Requirements()
    weights: Weights


class Candidate(Strict):
    """What a drill cannot see of a cluster, as its operator states it."""

    candidate: Name
    cluster: str = Field(description="the cluster: field of the cluster file this is about")
    title: str
    example: bool = Field(False, description="invented values: said wherever they are shown")
    price_per_mailbox_month: float | None = Field(None, ge=0)
    currency: Currency = "EUR"
    regions: list[str] | None = Field(None, description="everywhere mail is stored, country codes")
    certifications: list[str] | None = Field(None, description="all it has; empty: none; not given: not known")
    security: list[SecurityNeed] | None = Field(None, description="as certifications")
    support_hours_per_week: float | None = Field(None, ge=0, le=HOURS_OF_A_WEEK)


def load_profile(name_or_path: str, shipped: Path) -> Profile:
    """A profile file, or one of the folder ``shipped`` by name. Raises BadInput with file, line, column."""
    return check(Profile, read_yaml(_find(name_or_path, shipped, "profile")))


def load_candidate(name_or_path: str, shipped: Path) -> Candidate:
    """A candidate file, or one of the folder ``shipped`` by name. Raises BadInput with file, line, column."""
    return check(Candidate, read_yaml(_find(name_or_path, shipped, "candidate")))


def _find(name_or_path: str, shipped: Path, what: str) -> Path:
    if name_or_path.endswith((".yaml", ".yml")):
        if not is_file(Path(name_or_path)):
            raise BadInput(f"{name_or_path}: no such file")
        return Path(name_or_path)
    found = {path.stem: path for path in shipped.glob("*.yaml")}
    if name_or_path not in found:
        raise BadInput(f'no {what} "{name_or_path}"; {nearest(name_or_path, found)}')
    return found[name_or_path]
