"""Properties of the measures, each over at least ten thousand generated histories (see histories.py)."""

from __future__ import annotations

import random
from collections import Counter

import polars as pl
import pytest
from histories import BATCHES, SHARED, SIZE, History, batch, lines, oracle, sealed
from hypothesis import example, given, settings
from hypothesis import strategies as st

from maildrill.journal.event import Event
from maildrill.journal.events import Bounce, Census, Held, Note, Phase
from maildrill.journal.reader import Journal, parse_journal
from maildrill.measure import measure
from maildrill.measure.frames import load_frames
from maildrill.measure.ledger import Messages, ids_by_name, make_ledger, trace_messages
from maildrill.measure.measure import measure_with_tables
from maildrill.measure.result import FaultLife
from maildrill.measure.runs import fold, unseen_after, with_gaps
from maildrill.measure.services import _rta, find_outages
from maildrill.scenario.model import Scenario

SEEDS = st.integers(0, 2**32)
COUNTED: Counter[str] = Counter()
PLAN = Scenario.model_validate({
    "scenario": "p", "title": "P", "objectives": {"lost": 0},
    "timeline": [{"at": 0, "fault": "kill", "target": {"role": "mx"}}],
})  # fmt: skip
thousands = settings(max_examples=BATCHES, deadline=None)


@pytest.fixture(scope="module", autouse=True)
def count_histories() -> object:
    yield
    print("", *(f"{name}: {number} histories" for name, number in COUNTED.items()), sep="\n")
    short = {name: number for name, number in COUNTED.items() if number < BATCHES * SIZE}
    assert not short, f"fewer than {BATCHES * SIZE} histories: {short}"


def counted(name: str, histories: int) -> None:
    COUNTED[name] += histories


def all_events(histories: list[History]) -> list[Event]:
    return [*SHARED, *(event for history in histories for event in history.events)]


def traced(events: list[Event]) -> Messages:
    return trace_messages(load_frames([lines(events)]))


def fates(messages: Messages) -> dict[str, str]:
    return dict(messages.table.select("id", pl.col("fate").cast(pl.String)).iter_rows())


def tally(fates: dict[str, str]) -> dict[str, Counter[str]]:
    """Per history, how many messages are in each class."""
    found: dict[str, Counter[str]] = {}
    for id, fate in fates.items():
        found.setdefault(id.partition("-")[0], Counter())[fate] += 1
    return found


@thousands
@given(seed=SEEDS)
def test_every_message_has_the_class_of_its_definition(seed: int) -> None:
    histories = batch(seed)
    counted("identity", len(histories))
    frames = load_frames([lines(all_events(histories))])
    messages = trace_messages(frames)
    assert make_ledger(frames, messages).identity
    got = fates(messages)
    assert len(got) == len(messages.table)
    for history in histories:
        want = oracle([*SHARED, *history.events])
        assert {id: got[id] for id in want} == want, history


@thousands
@given(seed=SEEDS)
def test_the_order_of_lines_is_irrelevant(seed: int) -> None:
    histories = batch(seed)
    counted("order of concurrent events", len(histories))
    events = all_events(histories)
    shuffled = list(events)
    random.Random(seed).shuffle(shuffled)
    columns = [name for name in traced([]).table.columns if name != "m"]
    one, two = (traced(some) for some in (events, shuffled))
    assert one.table.select(columns).sort("id").equals(two.table.select(columns).sort("id"))
    a, b = ({k: sorted(v.to_list()) for k, v in ids_by_name(some).items()} for some in (one, two))
    assert a == b


@thousands
@given(seed=SEEDS, more=st.sampled_from(["copy", "bounce", "held"]))
def test_more_evidence_of_mail_never_means_more_lost(seed: int, more: str) -> None:
    histories = batch(seed)
    counted("a copy, bounce or look more", len(histories))
    before = tally(fates(traced(all_events(histories))))
    rng = random.Random(seed)
    for history in histories:
        ids = list(oracle(history.events))
        if ids:
            history.events = with_more(history, rng.choice(ids), more)
    after = tally(fates(traced(all_events(histories))))
    for name, classes in after.items():
        assert classes["lost"] <= before[name]["lost"], name
        assert classes.total() == before[name].total()


def with_more(history: History, id: str, more: str) -> list[Event]:
    """The history with one more sign of a message: a copy in every census, a bounce, or a look at a queue."""
    if more == "bounce":
        return [*history.events, Bounce(21.0, id, "s@x.test", "5.0.0")]
    if more == "held":
        return [*history.events, Held(46.0, "n", "v", "dead", "", [id])]
    return [
        Census(one.t, one.mailbox, one.whole, one.error, [*one.ids, id], [*one.uids, 99], [*one.hashes, "h"])
        if isinstance(one, Census)
        else one
        for one in history.events
    ]


@thousands
@given(seed=SEEDS)
def test_a_cut_journal_tells_of_its_prefix_and_says_so(seed: int) -> None:
    histories, rng = batch(seed), random.Random(seed)
    counted("truncation", len(histories))
    events = [*all_events(histories), Note(51.0, "clean", "", 0.0), Phase(52.0, "end")]
    events.sort(key=lambda event: event.t)
    data = sealed(events, rng)
    journal = parse_journal(data[: rng.randrange(len(data))])
    left = [line for block in journal.blocks() for line in block.splitlines() if not line.startswith(b'{"e":"seal"')]
    prefix = events[: len(left)]
    assert left == lines(prefix).splitlines()
    measured = measure_with_tables(journal, PLAN)
    assert measured.result.verdict == "inconclusive"
    assert "JOURNAL_INCOMPLETE" in {found.code for found in measured.result.diagnostics}
    assert measured.result.ledger.identity
    got = fates(measured.messages)
    mine: dict[str, list[Event]] = {history.name: [] for history in histories}
    owner = {id(event): history.name for history in histories for event in history.events}
    for event in prefix:
        if id(event) in owner:
            mine[owner[id(event)]].append(event)
    shared = [event for event in prefix if id(event) not in owner]
    assert got == {k: v for some in mine.values() for k, v in oracle([*shared, *some]).items()}


@settings(max_examples=10_000, deadline=None)
@given(at=st.floats(0, 1, exclude_max=True), seed=st.integers(0, 20))
def test_a_cut_at_any_byte_keeps_exactly_what_is_sealed(at: float, seed: int) -> None:
    counted("cut bytes", 1)
    data = JOURNALS[seed]
    cut = int(len(data) * at)
    journal = parse_journal(data[:cut])
    end = data.rfind(b'\n{"e":"seal"', 0, cut)
    stop = data.find(b"\n", end + 1) + 1 if end >= 0 else 0
    if stop > cut:
        end = data.rfind(b'\n{"e":"seal"', 0, end)
        stop = data.find(b"\n", end + 1) + 1 if end >= 0 else 0
    assert (journal.sealed_bytes, journal.whole) == (stop, False)
    assert journal.problem


JOURNALS = [sealed(all_events(batch(seed, 5)), random.Random(seed)) for seed in range(21)]
KILL = FaultLife(kind="kill", target="mx1", name="k", requested_at=9.9, effective_at=10.0, heal_requested_at=30.0)
HORIZON, EVERY = 60.0, 0.5
UNSEEN = unseen_after(0.1)
Probes = list[tuple[float, str, float, bool]]


def bounds(probes: Probes) -> dict[str, tuple[float, float]]:
    """(lower, upper) of each service's recovery time; upper is infinite if it is not back or was not observed."""
    frame = pl.DataFrame(probes, schema=["t", "service", "end", "ok"], orient="row")
    found = {}
    for name, runs in fold(frame, UNSEEN).items():
        rta = _rta(find_outages(with_gaps(runs, 0.0, HORIZON, UNSEEN), [KILL], HORIZON, PLAN))
        lower = 0.0 if rta is None else getattr(rta, "lower", getattr(rta, "at_least_s", 0.0))
        found[name] = (lower, getattr(rta, "upper", float("inf")))
    return found


def probed(name: str, rng: random.Random) -> Probes:
    """A minute of probes of one service: outages, single failures, stretches that nobody looked at."""
    spans = [(at, at + rng.choice((0.4, 2, 9, 60))) for at in (rng.uniform(0, 60) for _ in range(rng.randrange(3)))]
    blind = [(at, at + rng.choice((1, 3, 60))) for at in (rng.uniform(0, 60) for _ in range(rng.choice((0, 0, 1))))]
    probes = []
    for i in range(int(HORIZON / EVERY)):
        t = i * EVERY
        if any(a <= t < b for a, b in blind):
            continue
        ok = not any(a <= t < b for a, b in spans) and rng.random() > 0.01
        probes.append((t, name, t + rng.choice((0.05, 0.3) if ok else (0.05, 3.0)), ok))
    return probes


def looked_at(t: float, probes: Probes) -> bool:
    """Whether ``t`` is in no stretch without samples."""
    before = max((due for due, *_ in probes if due <= t), default=0.0)
    after = min((due for due, *_ in probes if due >= t), default=HORIZON)
    return after - before <= UNSEEN


@thousands
@given(seed=SEEDS)
@example(seed=29097)
def test_one_more_failed_probe_never_makes_a_recovery_shorter(seed: int) -> None:
    rng = random.Random(seed)
    services = {f"s{i}": probed(f"s{i}", rng) for i in range(SIZE)}
    counted("a failed probe more", SIZE)
    before = bounds([probe for probes in services.values() for probe in probes])
    for name, probes in services.items():
        t = round(rng.uniform(0, HORIZON), 2)
        if not looked_at(t, probes):
            continue  # a sample where nobody looked tells more, also in the service's favour
        probes.append((t, name, t + rng.choice((0.05, 3.0)), False))
    after = bounds([probe for probes in services.values() for probe in probes])
    for name, (lower, upper) in before.items():
        assert after[name][1] >= upper, (name, before[name], after[name])
        assert after[name][0] >= lower, (name, before[name], after[name])


@thousands
@given(seed=SEEDS)
def test_the_interval_holds_the_planted_recovery(seed: int) -> None:
    rng = random.Random(seed)
    counted("planted outage", SIZE)
    plants = {f"s{i}": (rng.uniform(9.95, 12), rng.uniform(12.6, 45)) for i in range(SIZE)}
    probes = []
    for name, (begin, end) in plants.items():
        phase = rng.uniform(0, EVERY)
        for i in range(int(HORIZON / EVERY)):
            t = i * EVERY + phase
            down = begin <= t < end
            probes.append((t, name, t + (3.0 if down else 0.05), not down))
    for name, (lower, upper) in bounds(probes).items():
        begin, end = plants[name]
        assert lower <= end - 10.0 <= upper
        assert upper - lower <= EVERY + 0.06 + max(0.0, 10.0 - begin), "wider only by what it began before its proof"


def test_a_result_is_the_same_byte_for_byte() -> None:
    data = lines(all_events(batch(7)))
    journal = Journal(True, len(data), "", data)
    assert measure(journal, PLAN).text() == measure(journal, PLAN).text()
