"""Objectives that were missed, and by how much; and those of which the drill was too short to tell."""

from __future__ import annotations

from maildrill.measure.convergence import missed_convergence
from maildrill.measure.facts import Facts, Found
from maildrill.measure.interval import Interval
from maildrill.scenario.model import SERVICES
from maildrill.times import between

JUDGED = {"baseline": "in the baseline", "after": "after the last heal"}
"""Phases in which the work must be shared, in words."""


def missed_objectives(facts: Facts) -> tuple[Found, Found]:
    """(those that are times, which a machine without a free processor prolongs; those that no machine can excuse)."""
    times = [*_missed_services(facts), *_missed_old_mail(facts), *_missed_catch_up(facts)]
    times += missed_convergence(facts.scenario.objectives.convergence, facts.replicas)
    return times, [*_missed_counts(facts), *_missed_rpo(facts), *_missed_fairness(facts)]


def _missed_services(facts: Facts) -> Found:
    missed: Found = []
    for name in SERVICES:
        service = facts.services.get(name)
        if service and service.verdict == "fail" and service.rto_s is not None:
            if isinstance(service.rta_s, Interval):
                over = service.rta_s.upper - service.rto_s
                text = f"back within {service.rta_s.upper:.2f} s, {over:.2f} s over its RTO of {service.rto_s:g} s"
                missed.append((name, text))
            elif service.rta_s is not None:
                away = service.rta_s.at_least_s
                text = f"not back in the end, {away:.2f} s or longer away at once; its RTO is {service.rto_s:g} s"
                missed.append((name, text))
    return missed


def _missed_counts(facts: Facts) -> Found:
    """Objectives that are a number of messages."""
    counts = {
        "lost": (facts.ledger.lost_all_streams, "acknowledged messages"),
        "corrupt": (facts.ledger.corrupt, "messages read with another body than was sent"),
        "misdelivered": (facts.ledger.misdelivered, "messages in a mailbox of somebody else"),
        "system_duplicates": (facts.duplicates.system, "extra copies after one try"),
        "false_rejections": (facts.ledger.false_rejections, "messages to valid recipients refused or bounced for good"),
        "premature_bounces": (facts.ledger.premature_bounces, "messages bounced because a queue gave up"),
    }
    missed: Found = []
    for name, (found, what) in counts.items():
        goal = getattr(facts.scenario.objectives, name)
        if goal is not None and found > goal:
            missed.append((name, f"{found} {what}, {found - goal} more than allowed ({goal})"))
    return missed


def _missed_rpo(facts: Facts) -> Found:
    goal, rpa = facts.scenario.objectives.rpo, facts.rpa
    if goal is None or rpa.seconds is None or not rpa.messages:
        return []
    if goal > 0 and rpa.seconds <= goal:  # an RPO of 0 s allows no loss, not even one at the moment of the fault
        return []
    over, reach = rpa.seconds - goal, between(rpa.at_least_s, rpa.seconds)
    return [("rpo", f"mail from {reach} before its loss is gone, {over:.2f} s over {goal:g} s")]


def _missed_catch_up(facts: Facts) -> Found:
    goal, found = facts.scenario.objectives.catch_up, facts.catch_up
    if goal is None:
        return []
    if found.seconds is not None and found.seconds > goal:
        over = found.seconds - goal
        return [("catch_up", f"backlog visible after {found.seconds:.2f} s, {over:.2f} s over {goal:g} s")]
    if found.never_visible and (found.lost or (found.waited_s is not None and found.waited_s >= goal)):
        return [("catch_up", f"{found.never_visible} accepted messages never became visible")]
    return []


def _missed_old_mail(facts: Facts) -> Found:
    goal, old = facts.scenario.objectives.old_mail, facts.old_mail
    if goal is None or goal.rto is None or old is None or not old.lost_sight:
        return []
    if old.last_back_s is None:
        if old.not_back_s is not None and old.not_back_s < goal.rto:
            return []
        return [("old_mail", f"{old.not_back} of {old.lost_sight} mailboxes never had their old mail back")]
    last = old.last_back_s.upper
    over = last - goal.rto
    text = f"the last mailbox had its old mail back after {last:.2f} s, {over:.2f} s over its RTO of {goal.rto:g} s"
    return [("old_mail", text)] if over > 0 else []


def lowest_fairness(facts: Facts, phase: str) -> dict[str, float | None]:
    """Backend with an objective -> the lowest index of any proxy in that phase; None if there is none."""
    found: dict[str, float | None] = {}
    for backend in facts.scenario.objectives.fairness or {}:
        spreads = [one.phases.get(phase) for one in facts.balance if one.backend == backend]
        indexes = [one.fairness for one in spreads if one is not None and one.fairness is not None]
        found[backend] = min(indexes, default=None)
    return found


def _missed_fairness(facts: Facts) -> Found:
    goals = facts.scenario.objectives.fairness or {}
    return [
        ("fairness", f"{backend}: Jain's index was {index:.3f} {when}, at least {goals[backend]:g} was asked")
        for phase, when in JUDGED.items()
        for backend, index in lowest_fairness(facts, phase).items()
        if index is not None and index < goals[backend]
    ]


def too_short(facts: Facts) -> Found:
    """Objectives whose time had not passed when observation ended, though what they ask for had not come."""
    goals, found, old = facts.scenario.objectives, facts.catch_up, facts.old_mail
    texts = []
    if goals.catch_up is not None and found.seconds is None and not _missed_catch_up(facts):
        away = [name for name, one in facts.services.items() if any(o.trigger and o.upper is None for o in one.outages)]
        why = f"{', '.join(away)} did not come back" if away else f"waited {found.waited_s or 0.0:.1f} s"
        texts.append(f"catch_up: the backlog was not visible when observation ended ({why})")
    if goals.old_mail and goals.old_mail.rto is not None and old and old.not_back and not _missed_old_mail(facts):
        texts.append(f"old_mail: not back after {old.not_back_s or 0.0:.1f} s, its RTO is {goals.old_mail.rto:g} s")
    return [("HORIZON_TOO_SHORT", text) for text in texts]
