"""From a journal and its scenario to a result. Nothing else is read, so it can be repeated any time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

import maildrill
from maildrill.journal.reader import Journal
from maildrill.measure.backlog import catch_up, with_backlog
from maildrill.measure.balance import measure_balance
from maildrill.measure.faults import fault_lives
from maildrill.measure.frames import Frames, load_frames, phase_start
from maildrill.measure.interval import Censored, Interval
from maildrill.measure.ledger import Messages, count_duplicates, make_ledger, trace_messages
from maildrill.measure.load import machine_load
from maildrill.measure.old_mail import measure_old_mail
from maildrill.measure.replicas import measure_replicas
from maildrill.measure.result import Result, Service
from maildrill.measure.services import clock_error, horizon_of, measure_services
from maildrill.measure.sessions import measure_sessions
from maildrill.measure.silence import read_outage, write_outage
from maildrill.measure.state import measure_state
from maildrill.measure.steps import recovery_steps
from maildrill.measure.timing import delay_debt, latency_by_phase, lateness, message_latency, recovery_point
from maildrill.measure.verdict import Facts, judge, not_measured
from maildrill.scenario.model import Scenario

SOURCES = {
    "balance": "served, by the first session of each second; fault: effective, healed; node: down, up, drained",
    "catch_up_s": "attempt (first accepted end), copy (first), census, probe: from the last service's return",
    "clock_error_s": "clock: largest error_s",
    "delay_debt_message_minutes": "attempt, copy: sum of latency beyond the baseline's median, headline streams",
    "duplicates": "census: extra copies of an id in its own mailbox; attempt: was one ambiguous",
    "faults": "fault: first event of each state",
    "ledger.false_rejections": "attempt: permanent; bounce: status 5.x.x but 5.4.7; every recipient exists",
    "ledger.premature_bounces": "bounce: any other status",
    "ledger.silently_expired": "lost; held: seen on a volume before the census phase",
    "latency": "attempt: end of the first accepted; copy: first in the right mailbox; phase: by acceptance",
    "lateness": "offer: late; probe: begin - t",
    "load": "load, from the baseline to the drain phase",
    "ledger": "offer, attempt, census (last of each mailbox), bounce (to the sender), held (after the census phase "
    "began), but for the store volume of a running node without a fault in force",
    "ledger.lost_on_disk": "lost; held: the store volume of a running node",
    "ledger.corrupt": "census: hashes compared with offer: hash",
    "ledger.held_at_settle": "held: between the settle and the census phase",
    "ledger.misdelivered": "census: mailbox compared with offer: rcpt",
    "ledger.order_inversions": "copy: first of each id, compared with offer: t, per sender and recipient",
    "old_mail": "recall, from an effective fault's request on; census, messages seen (copy) before it: hashes compared",
    "old_mail.snapshot_age_s": 'recovery: a detail that says "snapshot NAME taken TIME"; start: wall',
    "read_outage": "probe: ends of successful mailbox probes, from the baseline to the drain phase",
    "recovery_steps": "recovery: first event of each state",
    "replicas": "replica: seen, gone, of offered messages; replica-census; fault: last heal-verified, else healed",
    "replicas.stores": "replica-census; behind: replica, fault: first effective",
    "rpa": "fault: effective, healed, heal-verified; attempt: accepted ends of the lost; offer: size",
    "sessions": "session: lost, compared with the account's next open, before teardown; fault: latest effective before",
    "state": "change: acknowledged, compared with the state-census of the account's two folders",
    "state_rpa_s": "as rpa; change: acknowledged ones that did not last",
    "services": "probe, by when each was due, from the baseline to the drain phase; fault: effective, heal-requested",
    "services.recovery": "as services; node: first down or holds-address by a proxy; recovery: first requested but "
    "heal; served: first by another server than the fault's target, or node: first holds-address",
    "services.unobserved": "probe: stretches without one longer than ten intervals and a second "
    "(three tenths of that where a fault took effect)",
    "timers": "cluster.json",
    "not_measured": "note: not-measured",
    "timings": "note: names ending in _s",
    "write_outage": "attempt: first accepted end of each message, from the baseline to the drain phase",
}
Timers = dict[str, dict[str, str | int | float]]


@dataclass(frozen=True)
class Measured:
    """A result, and the tables behind it: all messages, all probes, the latency of each message seen."""

    result: Result
    messages: Messages
    probes: pl.DataFrame
    latency: pl.DataFrame


def _headline(facts: Facts) -> str:
    """One sentence saying what happened to the mail."""
    ledger = facts.ledger
    parts = [f"of {ledger.offered} messages {ledger.delivered + ledger.ambiguous_delivered} were delivered"]
    refused = ledger.refused_permanent + ledger.refused_temporary
    others = (
        (refused, "refused"), (ledger.bounced, "bounced"), (ledger.held, "still held"),
        (ledger.ambiguous_missing, "never acknowledged and missing"), (ledger.unresolved, "unresolved"),
    )  # fmt: skip
    parts += [f"{number} {word}" for number, word in others if number]
    lost, probes = ledger.lost_all_streams, ledger.lost_all_streams - ledger.lost
    none = "none known to be lost" if ledger.unresolved else "none lost"
    parts.append(f"{lost} acknowledged and lost" if lost else none)
    parts[-1] += f" ({probes} of them probes)" if probes else ""
    parts[-1] += f" ({ledger.lost_on_disk} still on a store's disk)" if ledger.lost_on_disk else ""
    wrong = ((ledger.corrupt, "with another body"), (ledger.misdelivered, "in a wrong mailbox"))
    parts += [f"{number} {word}" for number, word in wrong if number]
    return ", ".join(parts) + f"; {_longest(facts.services)}"


def _longest(services: dict[str, Service]) -> str:
    away = {name: service.outages[-1] for name, service in services.items() if isinstance(service.rta_s, Censored)}
    if gone := [name for name, outage in away.items() if outage.observed_s == 0]:
        return f"{', '.join(gone)} did not come back"
    if away:
        return f"{', '.join(away)} came back too late to last"
    known = {name: one for name, one in services.items() if isinstance(one.rta_s, Interval)}
    if not known:
        return "no service was observed"
    failed = {name: one for name, one in known.items() if any(o.failed and o.trigger for o in one.outages)}
    unseen = {name: one for name, one in known.items() if name not in failed}
    if failed:
        name, time = max(_uppers(failed).items(), key=lambda pair: pair[1])
        return f"{name} took longest to recover, {time:.1f} s"
    name, time = max(_uppers(unseen).items(), key=lambda pair: pair[1])
    if time:
        return f"no service was seen to fail; {name} was not looked at for {time:.1f} s"
    alone = [name for name, one in unseen.items() if one.failed]
    return f"{', '.join(alone)} failed, but no fault had taken effect" if alone else "no service failed"


def _uppers(services: dict[str, Service]) -> dict[str, float]:
    return {name: one.rta_s.upper for name, one in services.items() if isinstance(one.rta_s, Interval)}


def _identity(frames: Frames, scenario: Scenario) -> dict[str, Any]:
    first = frames["start"].row(0, named=True) if len(frames["start"]) else {}
    return {
        "maildrill_version": maildrill.__version__,
        "scenario": first.get("scenario", scenario.scenario),
        "cluster": first.get("cluster", scenario.cluster),
        "seed": first.get("seed", 0),
        "drill": first.get("drill", ""),
        "wall": first.get("wall", ""),
    }


def _notes(frames: Frames) -> tuple[dict[str, float], bool]:
    timings: dict[str, float] = {}
    names = set()
    for name, value in frames["note"].select("name", "value").iter_rows():
        names.add(name)
        if name.endswith("_s"):
            timings[name] = float(value)
    return timings, "clean" in names and "not-clean" not in names


def measure(journal: Journal, scenario: Scenario, timers: Timers | None = None) -> Result:
    """Measure a drill from the sealed part of its journal. Raises BadInput if a sealed line is not an event."""
    return measure_with_tables(journal, scenario, timers).result


def measure_with_tables(journal: Journal, scenario: Scenario, timers: Timers | None = None) -> Measured:
    """Like ``measure``, with what a report draws."""
    frames = load_frames(journal.blocks())
    faults, steps, messages = fault_lives(frames), recovery_steps(frames), trace_messages(frames)
    table, horizon = messages.table, horizon_of(frames)
    services = measure_services(frames, faults, scenario)
    census = phase_start(frames, "census")
    ledger, duplicates = make_ledger(frames, messages), count_duplicates(table)
    rpa, caught_up = recovery_point(table, faults, horizon), catch_up(table, services, faults, census)
    services = with_backlog(services, caught_up)
    late, latency = lateness(frames), message_latency(table, frames)
    by_phase, balance = latency_by_phase(latency), measure_balance(frames, faults, horizon)
    old_mail, load = measure_old_mail(frames, messages, faults, steps), machine_load(frames)
    replicas = measure_replicas(frames, faults, scenario.probes.replicas, journal.whole)
    facts = Facts(
        journal, frames, scenario, messages, ledger, duplicates, services, faults, steps, rpa, old_mail, caught_up,
        late, load, balance, replicas,
    )  # fmt: skip
    verdict, diagnostics = judge(facts)
    timings, clean = _notes(frames)
    state, state_rpa_s = measure_state(frames, faults, horizon)
    result = Result(
        **_identity(frames, scenario),
        verdict=verdict, headline=_headline(facts), diagnostics=diagnostics, services=services, ledger=ledger,
        duplicates=duplicates, rpa=rpa, sessions=measure_sessions(frames, faults), state=state,
        state_rpa_s=state_rpa_s, old_mail=old_mail, replicas=replicas, balance=balance,
        catch_up_s=caught_up.seconds, never_visible=caught_up.never_visible,
        write_outage=write_outage(table, frames, horizon), read_outage=read_outage(frames, horizon),
        delay_debt_message_minutes=delay_debt(table, latency, by_phase, census), latency=by_phase, faults=faults,
        recovery_steps=steps, not_measured=not_measured(frames),
        timers=timers or {}, timings=timings, clean=clean, clock_error_s=clock_error(frames),
        lateness=late, load=load, sources=SOURCES,
    )  # fmt: skip
    return Measured(result, messages, frames["probe"], latency)
