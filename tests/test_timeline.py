"""The timeline: what is due when, how long faults are in force, names, limits."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildrill.blast import Hit, fault_time, hits, most_nodes_hit
from maildrill.catalogue import load_pair
from maildrill.cluster.clusterfile import load_any_cluster
from maildrill.drill.progress import LiveLedger
from maildrill.drill.recovery import Recoveries
from maildrill.drill.timeline import Timeline
from maildrill.errors import BadInput
from maildrill.journal.events import Attempt, Copy, Probe
from maildrill.scenario.model import Scenario
from maildrill.scenario.moments import moments, spans

HEAD = "scenario: one\ntitle: One\nobjectives: {lost: 0}\nsettle: 10s\ndrain: 5s\n"
KILL = "{at: 0s, fault: kill, target: {role: mx}, for: 4s, repeat: {times: 3, every: 8s}}"
CUT = "{at: 2s, name: cut, fault: freeze, target: {role: store}}"


def load(folder: Path, *entries: str, more: str = "") -> Scenario:
    """A scenario with these entries, checked against its cluster."""
    path = folder / "s.yaml"
    path.write_text(HEAD + more + "timeline:\n" + "".join(f"  - {entry}\n" for entry in entries))
    return load_pair(path)[0]


def planned(scenario: Scenario) -> list[Hit]:
    """Who is hit when, as its cluster file tells."""
    return hits(scenario, load_any_cluster(scenario.cluster).nodes)


def ended(service: str, end: float, took: float = 0.1, ok: bool = True) -> str:
    return Probe(end - took, service, end - took, end, ok, "").line()


def test_servers_have_found_their_pace_when_every_service_is_quick_for_a_while() -> None:
    live, both = LiveLedger(), ("inbound", "delivery")
    live.take(ended("inbound", 1.0))
    assert not live.steady(both, 9.0, 1.0), "nothing is known of delivery"
    live.take(ended("delivery", 1.5))
    assert not live.steady(both, 2.4, 1.0)
    assert live.steady(both, 2.5, 1.0)
    live.take(ended("delivery", 2.6, took=1.1))
    assert not live.steady(both, 9.0, 1.0), "the last one was slow"
    live.take(ended("delivery", 2.7))
    live.take(ended("inbound", 3.0, ok=False))
    live.take(ended("inbound", 3.1))
    live.take(ended("inbound", 4.0))
    assert not live.steady(both, 4.0, 1.0), "a success began it, not each"
    assert live.steady(both, 4.2, 1.0)


def test_a_repeated_fault_and_one_healed_by_a_step(tmp_path: Path) -> None:
    plan = load(tmp_path, KILL, CUT, "{at: 10s, recover: heal, of: cut}")
    assert [(m.at, m.entry, m.act, m.round) for m in moments(plan)] == [
        (0, 0, "inject", 0), (2, 1, "inject", 0), (4, 0, "heal", 0), (8, 0, "inject", 1), (10, 2, "recover", 0),
        (12, 0, "heal", 1), (16, 0, "inject", 2), (20, 0, "heal", 2),
    ]  # fmt: skip
    assert [(s.begin, s.end) for s in spans(plan)] == [(0, 4), (2, 10), (8, 12), (16, 20)]
    assert fault_time(plan, planned(plan)) == 10 + 2 + 4


def test_what_nothing_heals_lasts_to_the_end(tmp_path: Path) -> None:
    plan = load(tmp_path, CUT)
    assert spans(plan)[0].end == math.inf
    assert fault_time(plan, planned(plan)) == 10 + 5


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9), st.integers(2, 4)), min_size=1, max_size=6))
def test_every_injection_has_its_heal_and_time_is_in_order(faults: list[tuple[int, int, int]]) -> None:
    plan = Scenario.model_validate({
        "scenario": "s", "title": "t", "objectives": {"lost": 0},
        "timeline": [
            {"at": at, "fault": "kill", "target": {"role": "mx"}, "for": last,
             "repeat": {"times": times, "every": last}}
            for at, last, times in faults
        ],
    })  # fmt: skip
    found = moments(plan)
    assert [m.at for m in found] == sorted(m.at for m in found)
    injected = {(m.entry, m.round): m.at for m in found if m.act == "inject"}
    healed = {(m.entry, m.round): m.at for m in found if m.act == "heal"}
    assert injected.keys() == healed.keys()
    assert len(injected) == sum(times for _, _, times in faults)
    assert all(healed[key] - at == faults[key[0]][1] for key, at in injected.items())


@pytest.mark.parametrize(
    ("entries", "more", "said"),
    [
        (["{at: 1s, recover: heal, of: cut}", KILL], "", 's.yaml:7:33: timeline[0].of: no fault is called "cut"; give'),
        ([CUT, "{at: 1s, recover: heal, of: cat}"], "", 'no fault is called "cat"; did you mean "cut"?'),
        ([CUT, CUT], "", 's.yaml:8:20: timeline[1].name: another entry is called "cut"'),
        ([KILL.replace("for: 4s, ", "")], "", 'a repeated fault needs "for"'),
        ([KILL.replace("every: 8s", "every: 3s")], "", "the next one would begin before this one is healed"),
        ([KILL.replace("times: 3", "times: 1")], "", "timeline[0].repeat.times: expected greater than or equal to 2"),
        (["{at: 1s, recover: ask, say: hello}"], "", "at least one entry must be a fault"),
        ([CUT, "{at: 1s, recover: hael, of: cut}"], "", "found \"hael\"; did you mean \"heal\"?"),
        ([CUT, "{at: 1s, recover: command, run: ls}"], "", 'field "timeline[1].target" is missing'),
        ([CUT, "{at: 1s, recover: command, run: a, target: {role: dsn}}"], "", 'has no role "dsn"; did you mean "dns"'),
        ([CUT.replace("role: store", "site: north")], "", 'has no site "north"; it has no sites'),
        ([CUT.replace("role: store", "role: store, pick: all, majority: true")], "", "not by pick and majority"),
        ([CUT.replace("role: store", "node: store1, fraction: 0.5")], "", "a node that is named needs no choice"),
        ([CUT.replace("role: store", "role: store, fraction: 0")], "", "target.fraction: expected greater than 0"),
        ([CUT.replace("role: store", "role: store, holds: user99")], "", "no such user; there are user1 to user8"),
        ([CUT], "stop: [{probe: inbound}]\n", 'stop[0]: "probe" and "longer_than" belong together'),
        ([CUT], "stop: [{messages: refused, above: 1, run: ls}]\n", "one condition each"),
        ([CUT], "stop: [{run: ls, target: {role: mxx}}]\n", 'has no role "mxx"; did you mean "mx"'),
        ([CUT, KILL], "limits: {nodes_down: 1}\n", "s.yaml:8:5: timeline[0]: up to 2 nodes have a fault at once"),
        ([CUT, KILL], "limits: {fault_time: 16s}\n", "s.yaml:6:22: limits.fault_time: faults are in force for up to"),
        ([CUT.replace("role: store", "role: mx, pick: random"), CUT.replace("cut", "cot").replace("store", "mx")],
         "limits: {nodes_down: 1}\n", "up to 2 nodes"),
    ],
)  # fmt: skip
def test_mistakes_are_shown_where_they_stand(tmp_path: Path, entries: list[str], more: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        load(tmp_path, *entries, more=more)
    assert said in str(caught.value).replace(f"{tmp_path}/", "")


def test_two_faults_on_one_node_are_one_node_down(tmp_path: Path) -> None:
    assert load(tmp_path, KILL, KILL.replace("kill", "freeze"), more="limits: {nodes_down: 1, fault_time: 12s}\n")


def probe(t: float, ok: bool) -> str:
    return Probe(t, "inbound", t, t + 1, ok, "").line()


def test_a_service_fails_since_its_first_failure_without_a_success_between() -> None:
    """Probes end in another order than they were due."""
    live = LiveLedger()
    for t, ok in ((1, True), (3, False), (2, False), (1.5, True)):
        live.take(probe(t, ok))
    assert live.failing_since["inbound"] == 2
    live.take(probe(2.5, True))
    assert live.failing_since["inbound"] is None
    live.take(probe(2.2, False))
    assert live.failing_since["inbound"] is None


def test_newest_mail_of_a_mailbox() -> None:
    live = LiveLedger()
    live.take(Attempt(1.0, "a", 0, "h", 1.1, None, "accepted", 250, "").line())
    for t, id in ((3.0, "b"), (2.0, "a")):
        live.take(Copy(t, id, "user1@x", 1, 1, "h").line())
    assert live.newest("user1@x") == ["b", "a"]
    assert live.newest("user2@x") == []


SWIZZLE = (
    "{at: 1s, name: mix, fault: swizzle, target: {node: mx1}, peers: [{role: store, pick: all}], with: {every: 2s}"
)


def test_a_shape_counts_every_node_from_its_turn_until_the_last_may_be_healed(tmp_path: Path) -> None:
    plan = load(tmp_path, SWIZZLE + ", for: 3s}")
    assert planned(plan) == [Hit(0, "mx1", 1, 8), Hit(0, "store1", 3, 8), Hit(0, "store2", 5, 8)]
    assert most_nodes_hit(planned(plan), load_any_cluster(plan.cluster).nodes) == (3, 0)
    assert fault_time(plan, planned(plan)) == 7
    by_step = load(tmp_path, SWIZZLE + "}", "{at: 4s, recover: heal, of: mix}")
    assert planned(by_step) == [Hit(0, "mx1", 1, 5), Hit(0, "store1", 3, 5), Hit(0, "store2", 5, 5)]
    assert most_nodes_hit(planned(by_step), load_any_cluster(plan.cluster).nodes) == (3, 0)
    assert fault_time(by_step, planned(by_step)) == 4
    late = load(tmp_path, SWIZZLE + "}", "{at: 6s, recover: heal, of: mix}")
    assert {hit.end for hit in planned(late)} == {6}


def test_a_fault_healed_as_it_is_injected_counts_too(tmp_path: Path) -> None:
    plan = load(tmp_path, CUT, "{at: 2s, recover: heal, of: cut}")
    assert most_nodes_hit(planned(plan), load_any_cluster(plan.cluster).nodes) == (1, 0)


@pytest.mark.parametrize(
    ("entry", "more", "said"),
    [
        (SWIZZLE + ", for: 3s}", "limits: {nodes_down: 2}\n", "up to 3 nodes have a fault at once"),
        (SWIZZLE + ", for: 3s}", "limits: {fault_time: 6s}\n", "in force for up to 7 s, allowed 6 s"),
        (SWIZZLE + "}\n  - {at: 4s, recover: heal, of: mix}", "limits: {nodes_down: 2}\n", "up to 3 nodes"),
        ("{at: 0s, fault: bridge, target: {role: proxy}, peers: [{role: mx}]}", "", "needs at least two peers"),
        ("{at: 0s, fault: partition, target: {role: store, pick: all}, peers: [{role: store, pick: all}]}", "",
         "timeline[0]: the peers are the target itself"),
        ("{at: 0s, fault: clock-step, target: {role: mx}, with: {by: 2}}", "", "at least 6 s forward or back"),
    ],
)  # fmt: skip
def test_shapes_are_checked_before_the_start(tmp_path: Path, entry: str, more: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        load(tmp_path, entry, more=more)
    assert said in str(caught.value)


class Custody:
    """Writes down what it is told to do, and how long an injection takes."""

    def __init__(self) -> None:
        self.acts: list[tuple[str, str]] = []
        self.begun: set[str] = set()

    def inject(self, name: str, fault: Any) -> None:
        self.begun.add(name)
        self.acts.append(("inject", name))

    def heal(self, name: str) -> bool:
        self.acts.append(("heal", name))
        return True

    def took(self, name: str) -> bool:
        return name in self.begun


@pytest.mark.parametrize("healed", [", for: 50ms}", "}"])
def test_no_node_of_a_shape_is_healed_before_its_own_turn(tmp_path: Path, healed: str) -> None:
    """Else it would be cut when all is over, and stay so."""
    step = ["{at: 1.05s, recover: heal, of: mix}"] if healed == "}" else []
    plan = load(tmp_path, SWIZZLE.replace("2s", "100ms") + healed, *step)
    nodes = {
        name: SimpleNamespace(name=name, roles=node.roles, site=node.site, attached=None)
        for name, node in load_any_cluster(plan.cluster).nodes.items()
    }
    care, journal = Custody(), SimpleNamespace(write=lambda event: None)
    recoveries = Recoveries(journal, lambda: 0.0, lambda said: None, care, tmp_path)  # type: ignore[arg-type]
    world: Any = SimpleNamespace()
    Timeline(plan, nodes, world, care, recoveries, world, seed=3).run(lambda: None)  # type: ignore[arg-type]
    names = [f"mix-1-{node}" for node in ("mx1", "store1", "store2")]
    assert [name for act, name in care.acts if act == "inject"] == names
    assert sorted(name for act, name in care.acts if act == "heal") == names
    assert all(care.acts.index(("inject", name)) < care.acts.index(("heal", name)) for name in names)
