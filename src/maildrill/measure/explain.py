"""The story behind a number: the events that make it, in order, and what follows from them.

Pure: the sealed lines are read again, and only those that tell the story are decoded.
"""

from __future__ import annotations

import difflib
import json
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import polars as pl

from maildrill.errors import BadInput
from maildrill.journal.reader import Journal
from maildrill.measure.balance import told
from maildrill.measure.interval import Censored
from maildrill.measure.ledger import ids_by_name
from maildrill.measure.measure import Measured
from maildrill.measure.replica_words import sentences
from maildrill.measure.result import Outage, Service
from maildrill.scenario.model import SERVICES

Event = dict[str, Any]
AROUND = 2
"""Probes shown on each side of an edge."""
BALANCE, REPLICAS = "balance", "replicas"
ALIASES = {"duplicates": ("duplicates_protocol", "duplicates_system")}


@dataclass(frozen=True)
class Story:
    """``conclusions`` follow from ``events``, which are the journal's own, by time; ``ids`` if it is a list."""

    subject: str
    conclusions: list[str]
    events: list[Event] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)

    def text(self) -> str:
        """For people: one line an event, the conclusions, the ids."""
        lines = [f"{event['t']:12.6f} s  {_one_line(event)}" for event in self.events]
        return "\n".join([self.subject, *lines, *(f"=> {one}" for one in self.conclusions), *self.ids])

    def json(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


def _one_line(event: Event) -> str:
    rest = {key: value for key, value in event.items() if key not in ("e", "t") and value not in ("", None)}
    return f"{event['e']:9} " + " ".join(f"{key}={_short(value)}" for key, value in rest.items())


def _short(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _events(journal: Journal, wanted: Callable[[bytes], bool]) -> list[Event]:
    """The events whose line is wanted, by time."""
    found = [json.loads(line) for block in journal.blocks() for line in block.splitlines() if wanted(line)]
    return sorted(found, key=lambda event: float(event["t"]))


def explain(measured: Measured, journal: Journal, subject: str) -> Story:
    """The story of a message (by id), a service, the balance, the replicas, or a class or defect (its ids).

    Raises BadInput, with what is near, for anything else.
    """
    if subject == BALANCE:
        return _balance_story(measured, journal)
    if subject == REPLICAS:
        return _replicas_story(measured, journal)
    if subject in SERVICES:
        return _service_story(measured, journal, subject)
    row = measured.messages.table.filter(pl.col("id") == subject)
    if len(row):
        return _message_story(row.row(0, named=True), journal)
    lists = ids_by_name(measured.messages)
    if subject in lists or subject in ALIASES:
        ids = sorted({id for name in ALIASES.get(subject, (subject,)) for id in lists[name].to_list()})
        return Story(subject, [f"{len(ids)} messages, all streams"], ids=ids)
    raise BadInput(_unknown(subject, measured.messages.table["id"], [*SERVICES, BALANCE, REPLICAS, *lists, *ALIASES]))


def _unknown(subject: str, ids: pl.Series, names: list[str]) -> str:
    near = difflib.get_close_matches(subject, [*names, *_alike(subject, ids)], n=3, cutoff=0.5)
    hint = f"near: {', '.join(near)}" if near else f"known: ids of messages, {', '.join(names)}"
    return f'nothing in this drill is called "{subject}"; {hint}'


def _alike(subject: str, ids: pl.Series) -> list[str]:
    """A thousand ids that begin like the subject, as far as any does; all sorts of them, if none does."""
    for length in range(len(subject), 0, -1):
        found = ids.filter(ids.str.starts_with(subject[:length]))
        if len(found):
            return [str(id) for id in found.bottom_k(1000)]
    return [str(id) for id in ids.head(1000)]


def _message_story(row: dict[str, Any], journal: Journal) -> Story:
    id, box = json.dumps(row["id"]).encode(), f'"mailbox":{json.dumps(row["rcpt"])}'.encode()

    def wanted(line: bytes) -> bool:
        return id in line or (line.startswith((b'{"e":"census"', b'{"e":"replica-census"')) and box in line)

    events = [_only(event, row["id"]) for event in _events(journal, wanted)]
    return Story(f"message {row['id']}", _class_reasons(row), events)


def _only(event: Event, id: str) -> Event:
    """A look at a mailbox or a volume, reduced to what it says about one message."""
    if event["e"] not in ("census", "held", "replica-census"):
        return event
    at = [i for i, found in enumerate(event["ids"]) if found == id]
    kept = {key: value for key, value in event.items() if key not in ("ids", "uids", "hashes")}
    parallel = [key for key in ("uids", "hashes") if key in event]
    lists: Event = {key: [event[key][i] for i in at if i < len(event[key])] for key in parallel}
    return {**kept, "copies": len(at), "of": len(event["ids"]), **lists}


def _class_reasons(row: dict[str, Any]) -> list[str]:
    accepted, copies = row["accepted_at"], row["own_copies"]
    said = f"acknowledged at {accepted:.6f} s" if accepted is not None else "never acknowledged"
    doubt = "the reply to a final dot was lost once" if row["ambiguous"] else "no reply to a final dot was lost"
    seen = f"first seen at {row['seen_at']:.6f} s" if row["seen_at"] is not None else "never seen by a reader"
    look = ("the last" if row["census_whole"] else "no") + " census of its mailbox is whole"
    where = "only on the disk of a running store, where no user can read it" if row["on_disk"] else "on no volume"
    late = row["census_whole"] and row["after_look"]
    unsure = "it was still under way when the last look began" if late else "its mailbox was not read to the end"
    why = {
        "delivered": f"{copies} in the census of its mailbox",
        "ambiguous_delivered": f"{copies} in the census of its mailbox, without an acknowledgement",
        "bounced": f"no copy, but a bounce came (status {row['bounce_status']})",
        "held": "no copy and no bounce, but it was on a volume after the census phase began",
        "lost": f"acknowledged; then no copy, no bounce, and {where}",
        "ambiguous_missing": "perhaps taken over, never acknowledged; no copy, no bounce, and on no volume",
        "unresolved": f"no copy was found, but {unsure}",
        "refused_permanent": "the last attempt was refused for good",
        "refused_temporary": "no attempt was accepted before the sender stopped",
    }[row["fate"]]
    return [f"{said}; {doubt}; {seen}; {look}", f"class {row['fate']}: {why}"]


def _service_story(measured: Measured, journal: Journal, name: str) -> Story:
    service = measured.result.services.get(name)
    if service is None:
        raise BadInput(f"{name} was not probed in this drill and has no objective")
    mark = f'"service":"{name}"'.encode()

    def wanted(line: bytes) -> bool:
        return line.startswith((b'{"e":"fault"', b'{"e":"node"')) or (line.startswith(b'{"e":"probe"') and mark in line)

    events = _events(journal, wanted)
    probes = [event for event in events if event["e"] == "probe"]
    others = [event for event in events if event["e"] != "probe" and _matters(event, service)]
    told = sorted([*others, *_at_edges(probes, service)], key=lambda event: float(event["t"]))
    return Story(f"service {name}", _service_reasons(service), told)


def _balance_story(measured: Measured, journal: Journal) -> Story:
    """What each server got in each second, what the proxies noticed, and the faults."""
    kinds = (b'{"e":"served"', b'{"e":"fault"', b'{"e":"phase"')

    def wanted(line: bytes) -> bool:
        return line.startswith(kinds) or (
            line.startswith(b'{"e":"node"') and (b'"detail":"proxy: ' in line or b'"detail":"admin: ' in line)
        )

    shares = [told(one) for one in measured.result.balance] or ["no proxy's log tells who served"]
    return Story(BALANCE, shares, _events(journal, wanted))


def _replicas_story(measured: Measured, journal: Journal) -> Story:
    """When faults began and ended, what each store held at the end, and every look at a message that one lacks."""
    replicas = measured.result.replicas
    if replicas is None:
        raise BadInput("the stores were not looked at in this drill (probes: replicas)")
    lacking = [json.dumps(id).encode() for id in replicas.lacking_ids]
    kinds = (b'{"e":"fault"', b'{"e":"phase"', b'{"e":"replica-census"')

    def wanted(line: bytes) -> bool:
        return line.startswith(kinds) or (line.startswith(b'{"e":"replica"') and any(id in line for id in lacking))

    events = _events(journal, wanted)
    told = [{**event, "ids": len(event["ids"])} if event["e"] == "replica-census" else event for event in events]
    return Story(REPLICAS, sentences(replicas), told, ids=replicas.lacking_ids)


def _matters(event: Event, service: Service) -> bool:
    """Every fault; nodes only while something was out."""
    return event["e"] == "fault" or any(
        outage.start <= event["t"] and (outage.upper is None or event["t"] <= outage.upper)
        for outage in service.outages
    )


def _at_edges(probes: list[Event], service: Service) -> list[Event]:
    """The probes around the first and last failure of each outage and the ends of each unobserved stretch."""
    dues = [float(probe["t"]) for probe in probes]
    edges = [at for outage in service.outages for at in (outage.start, outage.lower)]
    edges += [at for gap in service.unobserved for at in (gap.start, gap.end)]
    places = {place for at in edges for place in _around(bisect_left(dues, at), len(dues))}
    return [probes[place] for place in sorted(places)]


def _around(place: int, size: int) -> range:
    return range(max(0, place - AROUND), min(size, place + AROUND + 1))


def _service_reasons(service: Service) -> list[str]:
    rta = service.rta_s
    if rta is None:
        result = "not observed"
    elif isinstance(rta, Censored):
        result = f"not back in the end, {rta.at_least_s:.6f} s or longer away at once"
    else:
        result = f"back after {rta.lower:.6f} to {rta.upper:.6f} s"
    goal = "no RTO" if service.rto_s is None else f"RTO {service.rto_s:g} s"
    gaps = [f"not observed from {gap.start:.6f} to {gap.end:.6f} s" for gap in service.unobserved]
    counts = f"{service.probes} probes, {service.failed} failed"
    return [*gaps, *map(_outage_reason, service.outages), counts, f"{result}; {goal}: {service.verdict}"]


def _outage_reason(outage: Outage) -> str:
    back = "not back" if outage.upper is None else f"back by {outage.upper:.6f} s"
    what = f"from {outage.start:.6f} s " + (
        f"{outage.failed} failed, the last due {outage.lower:.6f} s" if outage.failed else "nothing was seen"
    )
    if outage.trigger is None or outage.onset is None:
        return f"{what}; {back}; no fault before it: not counted"
    cause, onset = outage.trigger, outage.onset
    since = f"{cause.fault} {cause.name} {cause.state} at {cause.effective:.6f} s"
    if onset.lower > cause.effective:
        since = f"its own start, long after {since}"
    elif onset.lower < cause.effective:
        since = f"{onset.lower:.6f} s, before the proof of {since}"
    if onset.upper > max(cause.effective, onset.lower):
        since += f", or from something later, until {onset.upper:.6f} s"
    lower = max(0.0, outage.lower - onset.upper)
    times = "" if outage.upper is None else f": {lower:.6f} to {outage.upper - onset.lower:.6f} s"
    return f"{what}; {back}; counted from {since}{times}"
