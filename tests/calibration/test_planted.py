"""The real traffic and the whole right-hand side, measured against what was planted. In virtual time."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import pytest
from rehearsal import DRILL, Rehearsal
from system import Fate
from virtual import run_virtual

from maildrill.measure.interval import Interval
from maildrill.measure.ledger import CLASSES
from maildrill.measure.result import Counts, Result

EVERY = 0.04
TOLERANCE = 0.05
"""The claim: a recovery time is known this well, s."""
CLASS = {
    Fate.LOST: "lost", Fate.BOUNCED: "bounced", Fate.HELD: "held", Fate.DEFERRED: "refused_temporary",
    Fate.REJECTED: "refused_permanent", Fate.UNHEARD_KEPT: "ambiguous_delivered", Fate.CUT_GONE: "ambiguous_missing",
    Fate.ELSEWHERE: "lost",
}  # fmt: skip


def planted(stream: str, each: int = 2) -> dict[str, Fate]:
    """``each`` messages of every fate, every third message."""
    fates = [fate for fate in Fate for _ in range(each)]
    if stream == "o":
        fates = [fate for fate in fates if fate is not Fate.ELSEWHERE]
    return {f"{DRILL}-{stream}-{3 * n:06d}": fate for n, fate in enumerate(fates)}


def expected(fates: dict[str, Fate], offered: int) -> Counts:
    found = dict.fromkeys(CLASSES, 0)
    for fate in fates.values():
        found[CLASS.get(fate, "delivered")] += 1
    found["delivered"] += offered - len(fates)
    return Counts(offered=offered, **found)


@pytest.fixture(scope="module")
def mail(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Rehearsal]:
    """A drill without outages in which every fate was planted in every stream."""

    async def scene() -> tuple[Result, Rehearsal]:
        fates = planted("i") | planted("s") | planted("o")
        drill = Rehearsal(tmp_path_factory.mktemp("mail"), fates=fates, every=0.2)
        return await drill.run(lambda drill: drill.until(9.0)), drill

    return run_virtual(scene)


def test_every_class_of_the_ledger_is_exact(mail: tuple[Result, Rehearsal]) -> None:
    result, drill = mail
    for stream, letter in (("inbound", "i"), ("submission", "s"), ("outbound", "o")):
        counts = result.ledger.by_stream[stream]
        assert counts.offered > 90
        assert counts == expected(planted(letter), counts.offered), stream
    assert result.ledger.identity
    assert {id for id, fate in drill.fates.items() if CLASS.get(fate) == "lost"} == set(result.ledger.ids["lost"])


def test_duplicates_are_counted_by_cause(mail: tuple[Result, Rehearsal]) -> None:
    result, drill = mail
    fates = list(drill.fates.values())
    assert result.duplicates.system == fates.count(Fate.TWICE)
    assert result.duplicates.protocol == fates.count(Fate.UNHEARD)


def test_corrupt_and_misdelivered_are_exact(mail: tuple[Result, Rehearsal]) -> None:
    result, drill = mail
    fates = list(drill.fates.values())
    assert result.ledger.corrupt == fates.count(Fate.CORRUPT)
    assert result.ledger.misdelivered == fates.count(Fate.ELSEWHERE)


def test_delay_and_bounces_are_what_was_planted(mail: tuple[Result, Rehearsal]) -> None:
    result, drill = mail
    delayed = list(drill.fates.values()).count(Fate.DELAYED)
    assert result.latency["baseline"].p50 == pytest.approx(0.02, abs=0.06), "one NOOP of the reader at most"
    assert max(q.max for q in result.latency.values()) == pytest.approx(2.0, abs=0.06)
    counted = next(event["t"] for event in drill.events("phase") if event["name"] == "census")
    held = {id for id, fate in drill.fates.items() if fate is Fate.HELD}
    waited = [counted - event["end"] for event in drill.events("attempt") if event["id"] in held]
    planted_delay = 2.0 * delayed + sum(waited)
    assert result.delay_debt_message_minutes * 60 == pytest.approx(planted_delay, abs=0.05 * delayed + 1.0)
    assert {event["id"] for event in drill.events("bounce")} == {
        id for id, fate in drill.fates.items() if fate is Fate.BOUNCED
    }
    assert {event["status"] for event in drill.events("bounce")} == {"5.2.2"}


def test_probes_are_stamped_when_due(mail: tuple[Result, Rehearsal]) -> None:
    _, drill = mail
    for service in ("inbound", "submission", "mailbox"):
        due = [event["t"] for event in drill.events("probe") if event["service"] == service]
        steps = [b - a for a, b in itertools.pairwise(due)]
        assert steps == pytest.approx([0.2] * len(steps), abs=2e-6), service


OUTAGES = {"mx": (0.513, 2.5), "submission": (1.1, 1.75), "imap": (1.7, 2.25)}
SERVICE = {"mx": "inbound", "submission": "submission", "imap": "mailbox"}


@pytest.fixture(scope="module", params=["refuse", "hang", "reset"])
def outages(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, str, float]:
    """One drill with an outage of each port, overlapping, all of one manner."""
    mode = request.param

    async def scene() -> tuple[Result, str, float]:
        drill = Rehearsal(tmp_path_factory.mktemp(mode), every=EVERY, rate=4.0)

        async def script(drill: Rehearsal) -> None:
            doors = {name: getattr(drill.system, name) for name in OUTAGES}
            plan = (drill.outage(doors[name], mode, at, seconds, name) for name, (at, seconds) in OUTAGES.items())
            await asyncio.gather(*plan)

        return await drill.run(script), mode, drill.begin

    return run_virtual(scene)


@pytest.mark.parametrize("door", OUTAGES)
def test_an_outage_is_as_long_as_planted(outages: tuple[Result, str, float], door: str) -> None:
    result, mode, begin = outages
    at, seconds = OUTAGES[door]
    service = result.services[SERVICE[door]]
    (outage,) = service.outages
    patience = 0.3 if mode == "hang" else 0.0
    assert isinstance(service.rta_s, Interval)
    assert outage.trigger is not None
    assert outage.trigger.name == door
    assert service.rta_s.lower <= seconds <= service.rta_s.upper
    assert service.rta_s.upper - seconds <= TOLERANCE
    assert seconds - service.rta_s.lower <= TOLERANCE + patience, "a hung server answers those who still wait"
    assert -0.3 <= outage.start - (begin + at) <= EVERY, (
        "an outage begins with the first probe due in it, or its victim"
    )


def test_mail_is_seen_again_when_the_mailbox_is_back(outages: tuple[Result, str, float]) -> None:
    result, _, begin = outages
    back = begin + sum(OUTAGES["imap"])
    (outage,) = result.services["delivery"].outages
    assert outage.upper is not None
    assert outage.lower <= back <= outage.upper
    assert outage.upper - back <= 0.2, "the reader tries every 0.1 s"


def test_mail_waits_out_every_outage(outages: tuple[Result, str, float]) -> None:
    ledger = outages[0].ledger
    assert (ledger.delivered, ledger.identity) == (ledger.offered, True)
    assert outages[0].duplicates.model_dump() == {"protocol": 0, "system": 0}


@pytest.mark.parametrize(("up", "outages_expected"), [(1.9, 1), (2.2, 2)])
def test_a_relapse_within_window_and_relapse_time_is_the_same_outage(
    tmp_path: Path, up: float, outages_expected: int
) -> None:
    async def scene() -> tuple[Result, float]:
        drill = Rehearsal(tmp_path / "relapse", every=EVERY, rate=0, services=("inbound",))

        async def script(drill: Rehearsal) -> None:
            await drill.outage(drill.system.mx, "refuse", 0.5, 1.0, "first")
            await drill.outage(drill.system.mx, "refuse", 1.5 + up, 0.5, "again", asked=False)

        return await drill.run(script), drill.begin

    result, begin = run_virtual(scene)
    found = result.services["inbound"].outages
    assert len(found) == outages_expected
    assert found[-1].upper == pytest.approx(begin + 2.0 + up, abs=TOLERANCE)
    assert found[0].start == pytest.approx(begin + 0.5, abs=EVERY)
