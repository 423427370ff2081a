"""The typed result of a drill: what result.json holds. Times are seconds on the drill's clock."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import Field

from maildrill.measure.copies import Replicas
from maildrill.measure.interval import Censored, Interval
from maildrill.measure.load import MachineLoad
from maildrill.measure.mailboxes import OldMail, Sessions, State
from maildrill.measure.part import Part
from maildrill.measure.shares import Balance

SCHEMA = "maildrill.result/1"
Verdict = Literal["pass", "fail", "inconclusive"]


class Diagnostic(Part):
    """A code (see docs/diagnostics.md) and what it means here."""

    code: str
    message: str
    about: str = Field("", description="the objective that was missed")


class Trigger(Part):
    """What an outage is counted from: a fault's effect, or the request to heal it."""

    fault: str
    name: str
    state: str
    effective: float


class Gap(Part):
    """From ``start`` to ``end``, s on the drill's clock."""

    start: float
    end: float


class Recovery(Part):
    """The deciding outage of a service in parts, s; known parts add up to ``whole_s`` (all upper bounds)."""

    since: Trigger
    onset: float = Field(description="the parts are counted from here, s on the drill's clock")
    detected_s: float | None = Field(
        description="effect until the cluster noticed, or somebody acted (a recovery step, but heal);"
        " None: unknown, then in the next"
    )
    switched_s: float | None = Field(
        None, description="from there until another server, or another proxy, served; None: unknown, then in the next"
    )
    first_success_s: float | None = Field(description="from there to the first success")
    sustained_s: float | None = Field(description="from there to the start of sustained success")
    backlog_s: float | None = Field(description="from there until mail accepted before the return was visible")
    whole_s: float | None


class Outage(Part):
    """Not known to be up from ``start`` until between ``lower`` and ``upper`` (None: not back)."""

    start: float
    lower: float
    upper: float | None
    first_success: float | None = Field(description="end of the first success since the trigger, lasting or not")
    trigger: Trigger | None
    onset: Interval | None = Field(description="its recovery time is counted from a moment between these; s")
    failed: int
    unobserved_s: float = Field(description="without a sample between start and upper, s")
    observed_s: float = Field(description="success observed after the last failure, s")


class Service(Part):
    """One service as its probes saw it."""

    rto_s: float | None
    rta_s: Interval | Censored | None = Field(description="None: not observed")
    recovery: Recovery | None
    outages: list[Outage]
    unobserved: list[Gap] = Field(description="stretches without a sample, from the baseline to the horizon")
    probes: int
    failed: int
    baseline_ok: float | None
    verdict: Literal["pass", "fail", "inconclusive", "none"]


class Counts(Part):
    """Every offered message in exactly one class."""

    offered: int = 0
    delivered: int = 0
    ambiguous_delivered: int = 0
    bounced: int = 0
    refused_permanent: int = 0
    refused_temporary: int = 0
    held: int = 0
    lost: int = 0
    ambiguous_missing: int = 0
    unresolved: int = 0


class Ledger(Counts):
    """The counts of inbound, submission and outbound mail, and what is true beside the classes."""

    identity: bool
    accepted: int
    held_at_settle: int
    corrupt: int
    misdelivered: int
    order_inversions: int
    lost_all_streams: int
    lost_on_disk: int = Field(
        0, description="of these, still on the disk of a running store, where no user can read it"
    )
    false_rejections: int = Field(description="permanently refused or bounced though the recipient exists, all streams")
    premature_bounces: int = Field(description="bounced because a queue gave up, all streams")
    silently_expired: int = Field(description="lost, and seen in a queue before, all streams")
    ids: dict[str, list[str]] = Field(description="class or defect -> the first 100 ids, all streams")
    by_stream: dict[str, Counts]


class Duplicates(Part):
    """Extra copies: after an ambiguous attempt (allowed), or without one (a defect). All streams."""

    protocol: int
    system: int


class Rpa(Part):
    """Recovery point achieved. ``bound``: with 0 lost of N, 3/N (at most 1) bounds the rate of loss (95 %)."""

    at_least_s: float | None = Field(
        None, description="as seconds, to the first fault that can have taken it; None: unknown, or an older result"
    )
    seconds: float | None = Field(
        description="from the earliest acknowledgement among the lost to what took it; with several faults, to the last"
    )
    messages: int
    bytes: int
    accepted: int = Field(description="acknowledged messages, all streams")
    known: int = Field(description="N: of those, neither held nor unresolved")
    bound: float | None


class Quantiles(Part):
    """Latency of messages accepted within a phase, s."""

    messages: int
    p50: float
    p95: float
    p99: float
    max: float


class FaultLife(Part):
    """One fault's life, s; None where it never came to that."""

    kind: str
    target: str
    name: str
    requested_at: float | None = None
    injected_at: float | None = None
    effective_at: float | None = None
    heal_requested_at: float | None = None
    healed_at: float | None = None
    verified_healed_at: float | None = None
    detail: str = ""
    problem: str = ""


class RecoveryStep(Part):
    """One recovery step of the plan, s; None where it never came to that."""

    action: str
    name: str
    target: str
    requested_at: float | None = None
    done_at: float | None = None
    failed_at: float | None = None
    detail: str = ""


class Lateness(Part):
    """How late the harness itself was, 99th percentile, s."""

    offers_p99_s: float | None
    probes_p99_s: float | None


class Result(Part):
    """Everything that one drill says."""

    schema_: str = Field(SCHEMA, alias="schema")
    maildrill_version: str
    scenario: str
    cluster: str
    seed: int
    drill: str
    wall: str
    verdict: Verdict
    headline: str
    diagnostics: list[Diagnostic]
    services: dict[str, Service]
    ledger: Ledger
    duplicates: Duplicates
    rpa: Rpa
    sessions: Sessions
    state: State
    state_rpa_s: float | None
    old_mail: OldMail | None = Field(description="None: no fault took effect")
    replicas: Replicas | None = Field(None, description="None: the stores were not looked at (probes: replicas)")
    balance: list[Balance] = Field([], description="what each server of each proxy served, as the proxies' logs say")
    catch_up_s: float | None
    never_visible: int
    write_outage: dict[str, Gap] = Field(description="longest time without an acknowledgement, by way in")
    read_outage: Gap | None = Field(description="longest time without a successful mailbox probe")
    delay_debt_message_minutes: float
    latency: dict[str, Quantiles]
    faults: list[FaultLife]
    recovery_steps: list[RecoveryStep]
    not_measured: list[str] = Field(description="what this drill could not see, each with its reason")
    timers: dict[str, dict[str, str | int | float]] = Field(description="declared in the cluster file, by image")
    timings: dict[str, float] = Field(
        description="of the harness itself, s. cluster_up_s: from the first container until every server answered;"
        " teardown_s; overhead_s: from the drill's start to the end of the teardown, less what is planned (baseline,"
        " timeline until its last entry and turn are done, settle) and less the drain, which waits for the mail system;"
        " absent if the drill ended early"
    )
    clean: bool
    clock_error_s: float
    lateness: Lateness
    load: MachineLoad | None = Field(None, description="None: nobody looked")
    sources: dict[str, str]

    def text(self) -> str:
        """Deterministic JSON: keys sorted, floats rounded to a microsecond."""
        data = rounded(self.model_dump(mode="json", by_alias=True))
        return json.dumps(data, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def rounded(value: Any) -> Any:
    """The same structure with every float rounded to a microsecond, and no negative zero."""
    if isinstance(value, float):
        return round(value, 6) + 0.0
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list) else value
