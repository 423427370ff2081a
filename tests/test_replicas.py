"""The stores compared: lags, what a store lacks, and convergence, on generated histories with planted truth."""

from __future__ import annotations

import asyncio
import json
import random
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st
from planted_drill import BOX, census, frame_of_drill, message, run, scenario

from maildrill.cluster.clusterfile import load_cluster
from maildrill.cluster.imagefile import read_image
from maildrill.cluster.keys import make_keys
from maildrill.cluster.up import RunningCluster
from maildrill.errors import BadInput
from maildrill.journal.event import Event
from maildrill.journal.events import Fault, Phase
from maildrill.journal.mailbox_events import Replica, ReplicaCensus
from maildrill.journal.reader import Journal
from maildrill.measure import Result
from maildrill.measure.copies import Replicas
from maildrill.measure.explain import explain
from maildrill.measure.frames import load_frames
from maildrill.measure.interval import Censored, Interval
from maildrill.measure.measure import measure_with_tables
from maildrill.measure.replicas import measure_replicas
from maildrill.measure.result import FaultLife
from maildrill.report.html import html
from maildrill.report.terminal import terminal
from maildrill.scenario.model import Scenario
from maildrill.traffic.emitter import Emitter
from maildrill.traffic.replicas import ReplicaFollower

EVERY, HEALED, END = 0.5, 12.0, 41.0
CUT = FaultLife(kind="partition", target="s1", name="p", requested_at=6.8, effective_at=7.0, verified_healed_at=HEALED)
STORES = ("s1", "s2")


def looked(t: float) -> float:
    """The first look at or after ``t``; all stores are looked at in the same moments."""
    return -(-t // EVERY) * EVERY


def came(id: str, store: str, t: float) -> Replica:
    """A message that really came at ``t``."""
    return Replica(looked(t), id, store, BOX[0], "seen", looked(t) - EVERY)


def held(ids: dict[str, list[str]], whole: bool = True) -> list[Event]:
    return [ReplicaCensus(END, store, BOX[0], whole, "", ids[store]) for store in ids]


def measured(events: list[Event], whole: bool = True, faults: tuple[FaultLife, ...] = (CUT,)) -> Replicas:
    phases = [Phase(1.0, "baseline"), Phase(6.0, "timeline"), Phase(13.0, "settle"), Phase(30.0, "drain")]
    frames = load_frames(["".join(event.line() + "\n" for event in [*phases, *events]).encode()])
    found = measure_replicas(frames, list(faults), EVERY, whole)
    assert found is not None
    return found


MOMENT = st.integers(10, 290).map(lambda n: n / 10)
TRUTH = st.lists(st.tuples(MOMENT, st.one_of(st.none(), st.floats(0, 12)), st.sampled_from(STORES)), max_size=12)
"""When a message came to its first store, how much later to the other one (None: never), and which was the first."""


def history(truth: list[Any]) -> list[Event]:
    events: list[Event] = []
    ids: dict[str, list[str]] = {store: [] for store in STORES}
    for n, (t, lag, first) in enumerate(truth):
        other = STORES[first == STORES[0]]
        events += [*message(f"m{n}", "accepted", t=t - 0.2), came(f"m{n}", first, t)]
        events += [] if lag is None else [came(f"m{n}", other, t + lag)]
        ids[first].append(f"m{n}")
        ids[other] += [] if lag is None else [f"m{n}"]
    return [*events, *held(ids)]


@settings(max_examples=100, deadline=None)
@given(truth=TRUTH)
def test_what_was_planted_is_found(truth: list[Any]) -> None:
    found = measured(history(truth))
    missing = {STORES[first == STORES[0]]: 0 for first in STORES}
    for _, lag, first in truth:
        missing[STORES[first == STORES[0]]] += lag is None
    assert {one.name: one.lacks for one in found.stores} == missing
    assert found.equal is not any(missing.values())
    before = [(t, lag) for t, lag, _ in truth if t <= HEALED]
    if any(lag is None for _, lag in before):
        assert found.convergence_s == Censored(at_least_s=END - HEALED)
    elif any(lag is None for t, lag, _ in truth if looked(t) - EVERY < HEALED):
        assert isinstance(found.convergence_s, Interval | Censored)
    else:
        true = max([0.0, *(t + lag - HEALED for t, lag in before)])
        assert isinstance(found.convergence_s, Interval)
        assert found.convergence_s.lower <= true <= found.convergence_s.upper
    for way in found.lags:
        for lag in way.phases.values():
            assert 0 <= lag.p50 <= lag.p95 <= lag.max
    lags = [lag for _, lag, _ in truth if lag is not None]
    longest = max((lag.max for way in found.lags for lag in way.phases.values()), default=0.0)
    assert abs(longest - max(lags, default=0.0)) <= EVERY + 1e-6


@settings(max_examples=100, deadline=None)
@given(truth=TRUTH)
def test_who_lacked_what_at_the_fault_is_between_its_bounds(truth: list[Any]) -> None:
    for store in measured(history(truth)).stores:
        lacked = [t for t, lag, first in truth if first != store.name and t <= 7.0 and (lag is None or t + lag > 7.0)]
        assert store.behind_at_least <= len(lacked) <= store.behind_at_most
        assert not lacked or (store.behind_s or 0) >= 7.0 - min(lacked) - 1e-6


@settings(max_examples=100, deadline=None)
@given(truth=TRUTH, seed=st.integers(0, 99))
def test_the_order_of_lines_is_irrelevant(truth: list[Any], seed: int) -> None:
    events = history(truth)
    found = measured(events)
    random.Random(seed).shuffle(events)
    assert measured(events) == found


@settings(max_examples=100, deadline=None)
@given(truth=TRUTH, keep=st.floats(0, 1))
def test_a_cut_journal_is_never_equal(truth: list[Any], keep: float) -> None:
    events = sorted([*history(truth), *message("m", "accepted", t=1.0), came("m", "s1", 1.1)], key=lambda e: e.t)
    cut = events[: int(len(events) * keep)]
    if any(isinstance(event, Replica) for event in cut):
        found = measured(cut, whole=False)
        assert not found.equal
        assert found.convergence_s is None or found.equal is False


PAIR = [*message("m1", "accepted"), came("m1", "s1", 5.2), came("m1", "s2", 5.9)]


@pytest.mark.parametrize(
    ("at_the_end", "equal"),
    [
        (held({"s1": ["m1"], "s2": ["m1"]}), True),
        (held({"s1": ["m1", "m1"], "s2": ["m1"]}), False),
        (held({"s1": ["m1"], "s2": ["m1"]}, whole=False), None),
        (held({"s1": ["m1"]}), None),
        ([], None),
    ],
)
def test_equal_is_known_only_if_all_was_read(at_the_end: list[Event], equal: bool | None) -> None:
    assert measured([*PAIR, *at_the_end]).equal is equal


def test_mail_that_a_store_has_lost_has_to_come_again() -> None:
    """A disk that was wiped: the store had the message long before, and that does not count."""
    back = [Replica(13.0, "m1", "s1", BOX[0], "gone", 7.0), Replica(15.0, "m1", "s1", BOX[0], "seen", 14.5)]
    whole = held({"s1": ["m1"], "s2": ["m1"]})
    assert measured([*PAIR, *whole]).convergence_s == Interval(lower=0.0, upper=0.0)
    assert measured([*PAIR, *back, *whole]).convergence_s == Interval(lower=2.5, upper=3.0)
    for gone in (back[:1], []):  # seen to be gone, or found missing by the census
        lost = measured([*PAIR, *gone, *held({"s1": [], "s2": ["m1"]})])
        assert lost.convergence_s == Censored(at_least_s=29.0)


def test_only_mail_of_this_drill_counts() -> None:
    stale = [Replica(2.0, "old", "s1", BOX[0], "seen", 0.0), *held({"s1": ["m1", "old"], "s2": ["m1"]})]
    found = measured([*PAIR, *stale])
    assert found == measured([*PAIR, *held({"s1": ["m1"], "s2": ["m1"]})])


@pytest.mark.parametrize("healed", [None, END + 1])
def test_without_a_heal_before_the_end_there_is_no_convergence(healed: float | None) -> None:
    life = CUT.model_copy(update={"verified_healed_at": healed})
    assert measured([*PAIR, *held({"s1": ["m1"], "s2": ["m1"]})], faults=(life,)).convergence_s is None


def plan(**objectives: Any) -> Scenario:
    probed = scenario(**objectives).model_dump(by_alias=True) | {"probes": {"replicas": EVERY}}
    return Scenario.model_validate(probed)


def judged(late: float, ends: list[Event], heal: bool = True) -> Result:
    """A healthy drill with a fault healed at 12 s, and one message that came to the second store ``late`` after."""
    events = [*frame_of_drill(None), *message("m1", "accepted"), *census({BOX[0]: ["m1"]})]
    events += [Fault(12.0, "kill", "k1", "mx1", "heal-verified", "")] if heal else []
    return run([*events, came("m1", "s1", 5.2), came("m1", "s2", 12.0 + late), *ends], plan(convergence="5s"))


NOBODY = Journal(True, 0, "", b"")
EQUAL, UNEQUAL = held({"s1": ["m1"], "s2": ["m1"]}), held({"s1": ["m1"], "s2": []})


@pytest.mark.parametrize(
    ("result", "verdict", "code"),
    [
        (judged(4.0, EQUAL), "pass", ""),
        (judged(7.0, EQUAL), "fail", "OBJECTIVE_MISSED"),
        (judged(5.2, EQUAL), "fail", "OBJECTIVE_MISSED"),
        (judged(4.0, UNEQUAL), "fail", "OBJECTIVE_MISSED"),
        (judged(4.0, UNEQUAL, heal=False), "fail", "OBJECTIVE_MISSED"),
        (judged(4.0, []), "inconclusive", "REPLICAS_NOT_KNOWN"),
        (judged(4.0, held({"s1": ["m1"], "s2": ["m1"]}, whole=False)), "inconclusive", "REPLICAS_NOT_KNOWN"),
        (judged(4.0, EQUAL, heal=False), "inconclusive", "REPLICAS_NOT_KNOWN"),
        (run([*frame_of_drill(None), *census({})], plan(convergence="5s")), "inconclusive", "REPLICAS_NOT_KNOWN"),
    ],
)
def test_convergence_is_an_objective(result: Result, verdict: str, code: str) -> None:
    assert (result.verdict, [one.code for one in result.diagnostics]) == (verdict, [code] if code else [])
    assert all(one.about == "convergence" for one in result.diagnostics if one.code == "OBJECTIVE_MISSED")


def test_a_store_that_was_not_read_is_named() -> None:
    (doubt,) = judged(4.0, held({"s1": ["m1"], "s2": ["m1"]}, whole=False)).diagnostics
    assert doubt.message.startswith("convergence: not read to the end: ")
    assert f"{BOX[0]} on s1" in doubt.message


def test_the_reports_say_it() -> None:
    events = [*frame_of_drill(None), *PAIR, *UNEQUAL, Fault(12.0, "kill", "k1", "mx1", "heal-verified", "")]
    lines = "".join(event.line() + "\n" for event in events).encode()
    journal = Journal(True, len(lines), "", lines)
    found = measure_with_tables(journal, plan(convergence="5s"))
    page = html(found, plan(convergence="5s"))
    assert "NOT equal at the end: s1 lacks 0, s2 lacks 1" in page
    assert "Each store was looked at directly, every 0.50 s" in page
    story = explain(found, journal, "replicas")
    assert story.ids == ["m1"]
    assert [event["store"] for event in story.events if event["e"] == "replica"] == ["s1", "s2"]
    assert [event["ids"] for event in story.events if event["e"] == "replica-census"] == [1, 0]
    assert "NOT equal at the end: s1 lacks 0, s2 lacks 1" in story.conclusions
    with pytest.raises(BadInput, match="the stores were not looked at"):
        explain(measure_with_tables(NOBODY, plan(lost=0)), NOBODY, "replicas")
    assert any("NOT equal" in str(part) for part in terminal(found.result).renderables)  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["postfix-dovecot-ha", "postfix-dovecot-two-sites", "postfix-cyrus"])
def test_a_store_is_reached_past_the_proxy_under_its_own_name(name: str) -> None:
    model = load_cluster(name)
    checks = {node: read_image(made.image).checks.get("store", {}) for node, made in model.nodes.items()}
    nodes = {node: SimpleNamespace(address=f"10.0.0.{n}", checks=checks[node].items()) for n, node in enumerate(checks)}
    names = x509.load_pem_x509_certificate(make_keys(model).cert_pem).extensions
    certified = names.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
    stores = RunningCluster.stores(SimpleNamespace(model=model, nodes=nodes))  # type: ignore[arg-type]
    assert [(one["name"], one["port"], one["address"]) for one in stores] == [
        (name, 993, nodes[name].address) for name in ("store1", "store2")
    ]
    assert {one["host"] for one in stores} <= set(certified)


class Store:
    """An inbox whose messages a test decides on; each session ends after one look."""

    def __init__(self) -> None:
        self.ids: dict[int, str] = {}

    async def session(self, account: str, password: str) -> Any:
        """A new session."""
        exists = len(self.ids)
        return SimpleNamespace(
            select=self.select, fetch=self.fetch, noop=self.end, close=lambda: None, exists=exists, arrivals=0
        )

    async def select(self, read_only: bool) -> Any:
        """One validity for ever."""
        assert read_only, "looking must not change a replica"
        return SimpleNamespace(uidvalidity=1, exists=len(self.ids))

    async def fetch(self, uids: str, what: str) -> dict[int, bytes]:
        """The header that was asked for, of all."""
        return {uid: f"X-Maildrill-Id: {id}\r\n\r\n".encode() for uid, id in self.ids.items()}

    async def end(self) -> None:
        """The connection breaks."""
        raise OSError("reset")


def test_a_store_that_loses_its_mail_is_told_of_and_a_second_copy_is_not() -> None:
    async def scene() -> list[tuple[str, str]]:
        store, lines = Store(), []
        emitter = Emitter(lambda data: lines.extend(data.decode().splitlines()))
        follower = ReplicaFollower(emitter, "s1", store, "a@b", "p", 0.01)  # type: ignore[arg-type]
        for ids in ({1: "m1", 2: "m2", 3: "m1"}, {1: "m1"}, {}, {1: "m1"}):
            store.ids = ids
            with pytest.raises(OSError, match="reset"):
                await follower._session()
        emitter.flush()
        events = [json.loads(line) for line in lines]
        assert all(event["store"] == "s1" and event["since"] <= event["t"] for event in events)
        return [(event["id"], event["state"]) for event in events]

    told = asyncio.run(scene())
    assert told == [("m1", "seen"), ("m2", "seen"), ("m2", "gone"), ("m1", "gone"), ("m1", "seen")]
