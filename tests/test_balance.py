"""What share each server got, how even that was, and when another one took over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planted_drill import census, frame_of_drill, run, scenario

from maildrill.journal.event import Event
from maildrill.journal.events import Fault, Node, Probe, Served
from maildrill.journal.reader import Journal
from maildrill.measure.balance import fairness
from maildrill.measure.explain import explain
from maildrill.measure.measure import measure_with_tables
from maildrill.measure.recovery import parts_between
from maildrill.measure.result import Result
from maildrill.report.html import html, parts_text
from maildrill.report.terminal import terminal

COUNTS = st.lists(st.integers(0, 10_000), min_size=2, max_size=20)
HEALED = Fault(12.5, "kill", "k1", "mx1", "healed", "")


@given(COUNTS)
def test_fairness_is_between_one_server_has_all_and_all_have_the_same(counts: list[int]) -> None:
    index = fairness(counts)
    assert (index is None) == (not any(counts))
    if index is not None:
        assert 1 / len(counts) - 1e-9 <= index <= 1 + 1e-9
        assert index == pytest.approx(fairness(sorted(counts)))
        assert index == pytest.approx(fairness([3 * count for count in counts]))


@given(st.integers(2, 20), st.integers(1, 20), st.integers(1, 10_000))
def test_fairness_of_k_servers_that_share_evenly_is_k_of_n(n: int, k: int, each: int) -> None:
    """Jain's own example: if k of n get the same and the others nothing, the index is k / n."""
    k = min(k, n)
    assert fairness([each] * k + [0] * (n - k)) == pytest.approx(k / n)


def test_fairness_of_one_server_is_no_question() -> None:
    assert fairness([7]) is None


def told(server: str, seconds: dict[float, int], backend: str = "submission", backup: bool = False) -> list[Event]:
    """Sessions of a server, by when the first of each second began; and that the proxy knows it."""
    known = Served(0.0, "proxy", backend, server, backup, 0, 0)
    return [known, *(Served(t, "proxy", backend, server, backup, n, 0) for t, n in seconds.items())]


def drill(*more: Event, **objectives: object) -> Result:
    return run([*frame_of_drill(None), HEALED, *census({}), *more], scenario(premature_bounces=0, **objectives))


SHARED = [*told("sub1", {0.5: 99, 2.0: 30, 13.0: 10}), *told("sub2", {3.0: 10, 8.0: 20, 20.0: 10, 35.0: 99})]


def test_shares_are_told_by_phase() -> None:
    """Before the baseline and after the settle phase nothing counts."""
    (one,) = drill(*SHARED).balance
    assert (one.proxy, one.backend, one.active) == ("proxy", "submission", ["sub1", "sub2"])
    shares = {phase: [s.share for s in spread.servers.values()] for phase, spread in one.phases.items()}
    assert shares == {"baseline": [0.75, 0.25], "fault": [0.0, 1.0], "after": [0.5, 0.5]}
    assert [spread.fairness for spread in one.phases.values()] == pytest.approx([1600 / 2000, 0.5, 1.0])


def test_backups_and_servers_that_are_down_need_not_take_part() -> None:
    down = [Node(8.0, "sub1", "down", "proxy: submission/sub1"), Node(12.6, "sub1", "up", "proxy: submission/sub1")]
    (one,) = drill(*SHARED, *told("sub3", {}, backup=True), *down).balance
    assert [spread.members for spread in one.phases.values()] == [["sub1", "sub2"], ["sub2"], ["sub1", "sub2"]]
    assert one.phases["fault"].fairness is None


def test_a_drained_server_need_not_take_part_even_if_it_is_up() -> None:
    states = ((6.5, "drained", "admin"), (7.1, "up", "proxy"), (7.2, "drained", "admin"), (12.6, "up", "proxy"))
    drained = [Node(t, "sub1", state, f"{by}: submission/sub1") for t, state, by in states]
    (one,) = drill(*SHARED, *drained).balance
    assert [spread.members for spread in one.phases.values()] == [["sub1", "sub2"], ["sub2"], ["sub1", "sub2"]]


def test_a_server_that_gets_nothing_though_it_should_makes_it_unfair() -> None:
    result = drill(*told("sub1", {2.0: 30}), *told("sub2", {}), fairness={"submission": 0.9})
    assert result.verdict == "fail"
    (found,) = result.diagnostics
    assert (found.code, found.about) == ("OBJECTIVE_MISSED", "fairness")
    assert "submission: Jain's index was 0.500 in the baseline, at least 0.9 was asked" in found.message
    assert drill(*SHARED, fairness={"submission": 0.8}).verdict == "pass"


def test_a_server_that_gets_nothing_again_when_it_is_back_makes_it_unfair() -> None:
    """Even if the proxy holds it to be down: that is what is wrong. One that somebody drained is excused."""
    before = [*told("sub1", {2.0: 20, 13.0: 40}), *told("sub2", {2.0: 20})]
    for state, by, verdict in (("down", "proxy", "fail"), ("drained", "admin", "pass")):
        result = drill(*before, Node(8.0, "sub2", state, f"{by}: submission/sub2"), fairness={"submission": 0.9})
        assert result.verdict == verdict
        texts = [one.message for one in result.diagnostics]
        assert texts == ["fairness: submission: Jain's index was 0.500 after the last heal, at least 0.9 was asked"] * (
            verdict == "fail"
        )


def test_fairness_that_nobody_could_see_is_no_pass() -> None:
    """A journal from before sessions were counted, or a backend that no proxy has."""
    old = drill(fairness={"submission": 0.9})
    assert (old.verdict, old.balance) == ("inconclusive", [])
    other = drill(*SHARED, fairness={"imap": 0.9})
    (found,) = other.diagnostics
    assert found.code == "BALANCE_NOT_KNOWN"
    assert "(backends: submission)" in found.message


def test_chance_is_not_called_unfair() -> None:
    """Three sessions cannot be shared evenly by two."""
    (one,) = drill(*told("store1", {2.0: 3}, "sasl"), *told("store2", {}, "sasl")).balance
    assert [spread.fairness for spread in one.phases.values()] == [None, None, None]


def test_people_are_told_the_shares() -> None:
    events = [*frame_of_drill(None), HEALED, *census({}), *SHARED, *told("store1", {2.0: 5}, "imaps")]
    lines = "".join(event.line() + "\n" for event in events).encode()
    journal = Journal(True, len(lines), "", lines)
    measured = measure_with_tables(journal, scenario())
    line = "proxy submission: sub1 75, 0, 50 %; sub2 25, 100, 50 %; fairness 0.80, 0.50, 1.00 (before, during, after)"
    shown = "\n".join(str(part) for part in terminal(measured.result).renderables)  # type: ignore[attr-defined]
    assert f"balance    {line}" in shown
    assert "store1" not in shown, "one server has nothing to share"
    assert "sub1: 30 (75 %); sub2: 10 (25 %)" in html(measured, scenario())
    story = explain(measured, journal, "balance")
    assert line in story.conclusions
    assert [event["server"] for event in story.events if event["e"] == "served" and event["t"] == 8.0] == ["sub2"]


def outage(*more: Event) -> Result:
    """mailbox is down from 7 s, when store1 is killed, until 10 s."""
    events = [
        Probe(e.t, e.service, e.begin, e.end, False, "x") if _fails(e) else e  # type: ignore[attr-defined]
        for e in frame_of_drill(None)
        if not isinstance(e, Fault)
    ]
    kill = [
        Fault(t, "kill", "k1", "store1", s, "") for t, s in ((6.5, "requested"), (6.9, "injected"), (7.0, "effective"))
    ]
    return run([*events, *kill, *census({}), *more], scenario(mailbox={"rto": "9s"}))


def _fails(event: Event) -> bool:
    return isinstance(event, Probe) and event.service == "mailbox" and 7.0 <= event.t < 10.0


def test_the_switch_is_a_part_of_the_recovery() -> None:
    """Effect 7, noticed 8.2, the standby serves from 9.4 on, first success 10.05."""
    noticed = Node(8.2, "store1", "down", "proxy: imaps/store1")
    stores = [*told("store1", {6.5: 9, 8.5: 1}, "imaps"), *told("store2", {9.4: 3, 11.0: 9}, "imaps", True)]
    service = outage(noticed, *stores, *told("store2", {8.9: 5}, "lmtp", True)).services["mailbox"]
    assert service.recovery is not None
    parts = {"detected_s": 1.2, "switched_s": 1.2, "first_success_s": 0.65, "sustained_s": 0.0, "whole_s": 3.05}
    assert service.recovery.model_dump(include=set(parts)) == pytest.approx(parts)
    assert (
        parts_text(service)
        == "noticed 1.20 + switched 1.20 + first success 0.65 + sustained 0.00 + backlog clear 0.00 = 3.05 s"
    )


def test_a_switch_before_it_was_noticed_took_no_time() -> None:
    noticed = Node(8.2, "store1", "down", "proxy: imaps/store1")
    stores = [*told("store1", {6.5: 9}, "imaps"), *told("store2", {5.0: 4, 7.9: 3}, "imaps")]
    parts = outage(noticed, *stores).services["mailbox"].recovery
    assert parts is not None
    assert (parts.detected_s, parts.switched_s, parts.whole_s) == pytest.approx((1.2, 0.0, 3.05))


def test_a_proxy_that_takes_the_address_is_a_switch() -> None:
    master = Node(9.0, "proxy2", "holds-address", "proxy: front")
    parts = outage(Node(8.2, "proxy", "down", "proxy: x/proxy"), master).services["mailbox"].recovery
    assert parts is not None
    assert (parts.switched_s, parts.first_success_s) == pytest.approx((0.8, 1.05))


@pytest.mark.parametrize(
    "served",
    [
        [],
        [*told("store1", {6.5: 9}, "imaps"), *told("store2", {6.9: 3, 10.5: 9}, "imaps")],  # not between
        [*told("store2", {8.0: 3}, "imaps"), *told("store3", {8.0: 3}, "imaps")],  # the one that was hit is not in it
        [*told("store1", {6.5: 9, 8.0: 3}, "imaps"), Served(8.0, "proxy", "imaps", "store2", False, 0, 4)],  # not taken
    ],
)
def test_a_switch_that_nobody_saw_flows_into_the_next_part(served: list[Event]) -> None:
    parts = outage(*served).services["mailbox"].recovery
    assert parts is not None
    assert (parts.switched_s, parts.first_success_s, parts.whole_s) == pytest.approx((None, 3.05, 3.05))


@given(st.floats(0, 100), st.lists(st.one_of(st.none(), st.floats(0, 100)), max_size=6))
def test_known_parts_add_up_to_the_whole(begin: float, moments: list[float | None]) -> None:
    """Whatever is not known, and in whatever order things came."""
    parts = parts_between(begin, moments)
    whole = max([begin, *(moment for moment in moments if moment is not None)]) - begin
    assert [part is None for part in parts] == [moment is None for moment in moments]
    assert sum(part for part in parts if part is not None) == pytest.approx(whole)
    assert all(part is None or part >= 0 for part in parts)
