"""One page that needs no network: the verdict first, where each number came from last."""

from __future__ import annotations

from importlib import resources

import jinja2

from maildrill.measure.interval import Censored
from maildrill.measure.mailboxes import Changes, Sessions
from maildrill.measure.measure import Measured
from maildrill.measure.replica_words import sentences
from maildrill.measure.result import Counts, Result, Service
from maildrill.report.charts import latency_chart, services_chart
from maildrill.scenario.model import Scenario
from maildrill.times import between, seconds


def rta_text(service: Service) -> str:
    """A recovery time for people: an interval, or "> x" if the service did not come back."""
    rta = service.rta_s
    if rta is None:
        return "not observed"
    if isinstance(rta, Censored):
        return f"> {rta.at_least_s:.2f} s"
    if rta.upper > 0:
        return between(rta.lower, rta.upper)
    return "outage, but no fault" if any(outage.failed for outage in service.outages) else "no outage"


def sessions_text(sessions: Sessions) -> str:
    """The lasting sessions in one line."""
    if not sessions.broken:
        return f"{sessions.watched} watched, none broke"
    back = f"{sessions.not_back} not back" if sessions.not_back else f"back after {seconds(sessions.back_s)}"
    text = f"{sessions.broken} of {sessions.watched} broke, noticed after {seconds(sessions.noticed_s)}, {back}"
    gone = ((sessions.uidvalidity_changed, "with another UIDVALIDITY"), (sessions.uids_gone, "UIDs gone"),
            (sessions.flags_changed, "messages with other flags"))  # fmt: skip
    return ", ".join([text, *(f"{number} {what}" for number, what in gone if number)])


def state_text(result: Result) -> str:
    """Acknowledged changes of mailbox state in one line."""
    parts = []
    for name in ("flags", "moves", "deletions"):
        changes: Changes = getattr(result.state, name)
        parts.append(f"{changes.acknowledged} {name}, {changes.lost} lost")
    unread = f", {result.state.unresolved} unresolved" if result.state.unresolved else ""
    return "; ".join(parts) + f"{unread}; point {between(result.state.rpa_at_least_s, result.state_rpa_s)}"


def old_mail_text(result: Result) -> str:
    """The mail of before the disaster in one line; empty if nothing was lost sight of and nothing restored."""
    old = result.old_mail
    if old is None or not (old.lost_sight or old.snapshot_age_s is not None or old.wrong or old.missing):
        return ""
    parts = []
    if old.snapshot_age_s is not None:
        parts.append(f"snapshot {old.snapshot_age_s:.1f} s old at the disaster")
    if old.lost_sight:
        parts.append(f"{old.lost_sight} of {old.watched} mailboxes without their old mail")
    if old.first_back_s is not None:
        parts.append(f"the first readable after {between(old.first_back_s.lower, old.first_back_s.upper)}")
    if old.last_back_s is not None:
        parts.append(f"the last after {between(old.last_back_s.lower, old.last_back_s.upper)}")
    if old.not_back:
        parts.append(f"{old.not_back} not back")
    parts.append(f"{old.checked} messages read and hashed: {old.right} right, {old.wrong} wrong, {old.missing} missing")
    return ", ".join(parts)


def parts_text(service: Service) -> str:
    """A recovery time in its parts, for people; empty if there was nothing to recover from."""
    recovery = service.recovery
    if recovery is None:
        return ""
    named = (
        ("noticed", recovery.detected_s), ("switched", recovery.switched_s),
        ("first success", recovery.first_success_s), ("sustained", recovery.sustained_s),
        ("backlog clear", recovery.backlog_s),
    )  # fmt: skip
    known = " + ".join(f"{name} {value:.2f}" for name, value in named if value is not None)
    return f"{known} = {seconds(recovery.whole_s)}" if recovery.whole_s is not None else known


def rpa_text(result: Result) -> str:
    """The recovery point for people; with nothing lost, how much could be lost and not have shown."""
    rpa, accepted = result.rpa, result.rpa.accepted
    if rpa.messages:
        return f"{between(rpa.at_least_s, rpa.seconds)}: {rpa.messages} acknowledged messages lost, {rpa.bytes} bytes"
    if rpa.bound is None:
        return f"of {accepted} accepted messages the fate of none is known" if accepted else "nothing was accepted"
    some = "" if rpa.known == accepted else f" whose fate is known ({accepted - rpa.known} more are held or unresolved)"
    sure = f"the rate of loss is below {rpa.bound:.2g} with 95 % confidence (3/N)"
    return f"0 lost of {rpa.known} accepted, mail of probes included{some}: {sure}"


def html(measured: Measured, scenario: Scenario) -> str:
    """The page. Everything from the journal is escaped; only the two charts are inserted as they are."""
    result = measured.result
    source = resources.files("maildrill.report").joinpath("page.html.j2").read_text(encoding="utf-8")
    template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(source)
    return template.render(
        r=result,
        scenario=scenario,
        classes=list(Counts.model_fields),
        seconds=seconds,
        between=between,
        rta=rta_text,
        parts=parts_text,
        rpa_text=rpa_text(result),
        sessions=sessions_text(result.sessions),
        state=state_text(result),
        old_mail=old_mail_text(result),
        replicas=sentences(result.replicas) if result.replicas else [],
        services_svg=services_chart(result, measured.probes, scenario.probes.every),
        latency_svg=latency_chart(result, measured.latency),
    )
