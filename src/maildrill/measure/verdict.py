"""Diagnostics and the verdict. Every code is explained in docs/diagnostics.md."""

from __future__ import annotations

from collections import Counter

import polars as pl

from maildrill.codes import OUTRANK_FAIL
from maildrill.measure.convergence import doubted_convergence
from maildrill.measure.facts import Facts, Found
from maildrill.measure.frames import Frames, phase_start
from maildrill.measure.interval import Censored
from maildrill.measure.load import FULL
from maildrill.measure.missed import lowest_fairness, missed_objectives, too_short
from maildrill.measure.result import Diagnostic, Verdict
from maildrill.measure.services import clock_error, horizon_of

_NOTED = {
    "interrupted": "INTERRUPTED",
    "error": "DRILL_ERROR",
    "not-clean": "NOT_CLEAN",
    "stopped-early": "STOPPED_EARLY",
}
MISSED = "OBJECTIVE_MISSED"
NOT_SEEN = "QUEUES_NOT_SEEN"
OF_LOSS = {"lost", "rpo"}
"""Objectives that nobody can call missed while mail may wait where nobody looked."""
HEALTHY = 0.99
STARVED_S = 0.5
BUSY = 0.5


def _harness(facts: Facts) -> Found:
    found: Found = []
    if not facts.journal.whole:
        found.append(("JOURNAL_INCOMPLETE", facts.journal.problem))
    names: set[str] = set()
    for name, detail in facts.frames["note"].select("name", "detail").iter_rows():
        names.add(name)
        code = _NOTED.get(name)
        if code:
            found.append((code, detail or f"the drill noted: {name}"))
    if not names & {"clean", "not-clean"}:
        found.append(("NOT_CLEAN", "the drill never confirmed that it cleaned up"))
    late, every = facts.lateness.probes_p99_s, facts.scenario.probes.every
    if late is not None and (late > 2 * every or late > STARVED_S):
        found.append(
            ("PROBES_STARVED", f"1 % of the probes began more than {late:.3f} s late; one is due every {every:g} s")
        )
    if (error := clock_error(facts.frames)) > every:
        text = f"the vantage's clock is known to {error:.3f} s only, and a probe is due every {every:g} s"
        found.append(("CLOCKS_APART", text))
    return found


def _machine(facts: Facts) -> Found:
    """Only of a drill that missed a time: what passed on a busy machine would pass on a quiet one."""
    load = facts.load
    if load is None or load.full <= BUSY:
        return []
    text = f"{FULL:.0%} or more of its {load.cores} processors were at work in {load.full:.0%} of the time"
    return [("MACHINE_BUSY", f"what was missed may be the machine's doing: {text}")]


def _baseline(facts: Facts) -> Found:
    """Only services with probes or an objective are here; none at all is unhealthy too."""
    found: Found = []
    for name, service in facts.services.items():
        if service.baseline_ok is None:
            found.append(("BASELINE_UNHEALTHY", f"{name}: no probe in the baseline"))
        elif service.baseline_ok < HEALTHY:
            found.append(
                ("BASELINE_UNHEALTHY", f"{name}: only {service.baseline_ok:.1%} of the baseline's probes succeeded")
            )
    return found or ([] if facts.services else [("BASELINE_UNHEALTHY", "no service was probed")])


def _faults(facts: Facts) -> Found:
    found: Found = [] if facts.faults else [("NO_FAULT", "no fault was injected, so nothing was drilled")]
    for life in facts.faults:
        what = f"{life.kind} on {life.target}"
        came_too_late = _ended(facts) and life.injected_at is None and not life.problem
        if (life.effective_at is None and not came_too_late) or life.problem.startswith("not-effective"):
            found.append(("FAULT_NOT_EFFECTIVE", f"{what}: {life.problem or 'its effect was never verified'}"))
        unhealed = life.heal_requested_at is not None and life.verified_healed_at is None and life.healed_at is None
        if life.problem.startswith("heal-failed") or unhealed:
            found.append(("HEAL_FAILED", f"{what}: {life.problem or 'healing was requested and never done'}"))
    return [*found, *_not_fired(facts)]


def _not_fired(facts: Facts) -> Found:
    """Kinds of fault that the timeline asks for more often than they were requested; an ended drill says why itself."""
    if _ended(facts):
        return []
    planned = Counter[str]()
    for _, step in facts.scenario.faults():
        planned[step.fault] += 1 if step.repeat is None else step.repeat.times
    fired = {(life.kind, life.name.removesuffix(f"-{life.target}")) for life in facts.faults}
    asked = Counter(kind for kind, _ in fired)
    return [
        ("FAULT_NOT_EFFECTIVE", f"{kind}: planned {times} times, requested {asked[kind]} times")
        for kind, times in planned.items()
        if asked[kind] < times
    ]


def _ended(facts: Facts) -> bool:
    """Whether the drill ended before its timeline: from then on nothing is injected."""
    return bool(set(facts.frames["note"]["name"]) & {"stopped-early", "interrupted", "error"})


def _recovery_steps(facts: Facts) -> Found:
    found: Found = []
    for step in facts.recovery_steps:
        if step.done_at is None:
            why = step.detail if step.failed_at is not None else "it was requested and never ended"
            found.append(("RECOVERY_STEP_FAILED", f"{step.name} ({step.action} {step.target}): {why}"))
    return found


def _horizon(facts: Facts) -> Found:
    need = facts.scenario.sustained.window + facts.scenario.sustained.relapse
    found: Found = []
    for name, service in facts.services.items():
        for outage in service.outages:
            if 0 < outage.observed_s < need and outage is service.outages[-1]:
                found.append(
                    (
                        "HORIZON_TOO_SHORT",
                        f"{name}: {outage.observed_s:.1f} s seen after it came back, {need:g} s needed",
                    )
                )
        if service.verdict == "inconclusive" and isinstance(service.rta_s, Censored):
            text = f"{name}: not back after {service.rta_s.at_least_s:.1f} s, its RTO is {service.rto_s:g} s"
            found.append(("HORIZON_TOO_SHORT", text))
    last = max((life.effective_at for life in facts.faults if life.effective_at is not None), default=None)
    left = None if last is None else horizon_of(facts.frames) - last
    if left is not None and left < need:
        found.append(("HORIZON_TOO_SHORT", f"only {max(0.0, left):.1f} s seen after the last fault, {need:g} s needed"))
    return found


def _unobserved(facts: Facts) -> Found:
    """Services with an objective that nobody looked at while it mattered."""
    found: Found = []
    for name, service in facts.services.items():
        gaps = [outage for outage in service.outages if outage.trigger and outage.unobserved_s]
        if service.verdict != "inconclusive" or not (gaps or not service.probes):
            continue
        spans = ", ".join(f"from {gap.start:.2f} s to {gap.end:.2f} s" for gap in service.unobserved)
        why = " (it is probed only while mail is accepted)" if name in ("delivery", "outbound") else ""
        found.append(("NOT_OBSERVED", f"{name}: not observed {spans or 'at all'}{why}"))
    if facts.scenario.objectives.old_mail and not (facts.old_mail and facts.old_mail.watched):
        found.append(("NOT_OBSERVED", "old_mail: nobody looked for old mail after the fault (probes: recall)"))
    goals = facts.scenario.objectives
    if (goals.lost is not None or goals.rpo is not None) and not facts.rpa.accepted:
        found.append(("NOT_OBSERVED", "lost, rpo: no message was accepted, so none could be lost"))
    return found


def _mail(facts: Facts) -> Found:
    found: Found = []
    if not facts.ledger.identity:
        found.append(("LEDGER_IDENTITY", "the classes of the ledger do not add up to the messages offered"))
    open_ = sum(counts.unresolved for counts in facts.ledger.by_stream.values())
    if facts.messages.mailboxes_not_whole:
        found.append(("CENSUS_INCOMPLETE", "not read to the end: " + ", ".join(facts.messages.mailboxes_not_whole)))
    elif facts.frames["census"].is_empty():
        found.append(("CENSUS_INCOMPLETE", f"no mailbox was read in the end, the fate of {open_} messages is unknown"))
    elif open_:
        why = "no census of their mailboxes, or they came in after it had begun"
        found.append(("CENSUS_INCOMPLETE", f"the fate of {open_} messages is unknown: {why}"))
    return found


def not_measured(frames: Frames) -> list[str]:
    """What the drill noted it could not see in an attached system, such as "queues: ..."."""
    notes = frames["note"].select("name", "detail").iter_rows()
    return [str(detail) for name, detail in notes if name == "not-measured"]


def _unseen(facts: Facts) -> Found:
    """Mail that is missing may wait where nobody looked, or could look."""
    lost, began = facts.ledger.lost_all_streams, phase_start(facts.frames, "census")
    if not lost:
        return []
    found: Found = []
    if any(text.startswith("queues:") for text in not_measured(facts.frames)):
        text = f"the queues of the attached system were not looked at: {lost} lost messages may still wait there"
        found.append((NOT_SEEN, text))
    unread = facts.frames["held"].filter((pl.col("t") >= (began or 0.0)) & (pl.col("error") != ""))
    for node, volume, error in unread.select("node", "volume", "error").iter_rows():
        text = f"{node}: volume {volume} could not be read ({error}): {lost} lost messages may be there"
        found.append((NOT_SEEN, text))
    return found


def _balance(facts: Facts) -> Found:
    known = ", ".join(sorted({one.backend for one in facts.balance})) or "none"
    text = "fairness not known: no log of a proxy tells of enough sessions that two or more of its servers could have"
    unknown = [backend for backend, index in lowest_fairness(facts, "baseline").items() if index is None]
    return [("BALANCE_NOT_KNOWN", f"{name}: {text} got in the baseline (backends: {known})") for name in unknown]


def judge(facts: Facts) -> tuple[Verdict, list[Diagnostic]]:
    """The verdict and its reasons: doubts about the drill itself outrank a missed objective."""
    looks = (_harness, _baseline, _faults, _recovery_steps, _horizon, _unobserved, _mail, _unseen, _balance, too_short)
    doubts = [found for look in looks for found in look(facts)]
    times, others = missed_objectives(facts)
    doubts += doubted_convergence(facts.scenario.objectives.convergence, facts.replicas)
    doubts += _machine(facts) if times and not others else []
    codes, missed = {code for code, _ in doubts}, [*times, *others]
    verdict: Verdict = "pass"
    unsure = NOT_SEEN in codes and {name for name, _ in missed} <= OF_LOSS
    if codes & OUTRANK_FAIL or unsure or (doubts and not missed):
        verdict = "inconclusive"
    elif missed:
        verdict = "fail"
    goals = [Diagnostic(code=MISSED, message=f"{name}: {text}", about=name) for name, text in missed]
    return verdict, [*goals, *(Diagnostic(code=code, message=text) for code, text in dict.fromkeys(doubts))]
