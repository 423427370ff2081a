"""Faults of the network: seen from outside, felt by real mail, undone without a trace, in any order."""

from __future__ import annotations

import random
import time

import pytest
from arena import Arena, until
from proof import Case, try_out

from maildrill.cluster.images import ensure_images
from maildrill.faults import KINDS, World
from maildrill.faults.fault import Fault
from maildrill.faults.helper import Helper
from maildrill.faults.looks import look

pytestmark = [pytest.mark.integration, pytest.mark.faults]

CASES = [
    Case("partition", peers=["outside"], fails="inbound"),
    Case("partition-reset", peers=["outside"], fails="mailbox"),
    Case("partition-reset", "resolver", ["dns"]),
    Case("one-way", peers=["outside"], fails="inbound"),
    Case("one-way", peers=["outside"], parameters={"lost": "out"}, fails="inbound"),
    Case("isolate", fails="inbound"),
    Case("packet-loss", parameters={"percent": 95}, fails="inbound"),
    Case("port-blocked", parameters={"port": 25}, fails="inbound", spared="mailbox"),
    Case("port-blocked", parameters={"port": 993, "how": "reset"}, fails="mailbox", spared="inbound"),
    Case("delay", parameters={"delay": 0.2, "jitter": 0.05}, slow=("inbound", 0.8)),
    Case("delay", parameters={"port": 993}, slow=("mailbox", 0.4), spared="inbound"),
    Case("bandwidth", parameters={"kbit": 128}, slow=("mailbox", 0.1)),
    Case("cut-during-data", parameters={"after": 100}, fails="inbound", spared="mailbox"),
    Case("swallow-final-reply", fails="inbound", spared="mailbox"),
    Case("slow-trickle", parameters={"port": 25}, fails="inbound", spared="mailbox"),
    Case("slow-trickle", parameters={"port": 993}, fails="mailbox", spared="inbound"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_fault_of_the_network(single: Arena, case: Case) -> None:
    """Not seen before, seen while it is there, felt by real mail, and gone without a trace."""
    try_out(single, case)


def test_a_port_where_nobody_listens_is_not_blocked(single: Arena) -> None:
    """It is refused before, too: that is said, and no rule is left."""
    clean = single.left_in_network("mail1")
    with pytest.raises(RuntimeError, match="the port must answer before it is blocked"):
        single.fault("port-blocked", "mail1", port=2, how="reset").inject()
    assert single.left_in_network("mail1") == clean


def test_a_swallowed_reply_makes_a_duplicate(single: Arena) -> None:
    """The sender sees the connection die after the final dot; the message arrives all the same."""
    fault = single.fault("swallow-final-reply", "mail1")
    fault.inject()
    try:
        until("the effect", fault.effect)
        before = _kept(single)
        assert "ambiguous" in single.world.attempt("inbound", 3.0).error
        until("its arrival", lambda: (_kept(single) > before, str(_kept(single))))
    finally:
        fault.heal()


def test_text_that_was_cut_is_not_kept(single: Arena) -> None:
    """Half a message is no message."""
    fault = single.fault("cut-during-data", "mail1", after=100)
    fault.inject()
    try:
        until("the effect", fault.effect)
        before = _kept(single)
        assert not single.world.attempt("inbound", 3.0).ok
        time.sleep(0.5)  # nothing to wait for: it must not come
        assert _kept(single) == before
    finally:
        fault.heal()


def _kept(arena: Arena) -> int:
    """Messages in the first user's mailbox."""
    account = arena.cluster.accounts[0][0]
    return int(arena.shell("mail1", f"doveadm mailbox status -u {account} messages INBOX").rpartition("=")[2])


STACK: list[tuple[str, list[str], dict[str, object]]] = [
    ("port-blocked", [], {"port": 25}),
    ("isolate", [], {}),
    ("delay", [], {"delay": 0.1}),
    ("cut-during-data", [], {"after": 100}),
]

UPPERMOST = [1, 0, 2, 3]  # which of them hides the others from view


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 1, 0, 2], [1, 2, 3, 0]], ids=str)
def test_faults_on_one_node_come_off_in_any_order(single: Arena, order: list[int]) -> None:
    """Each heal undoes its own fault and leaves the others in force."""
    clean = single.left_in_network("mail1")
    faults = [
        single.fault(kind, "mail1", peers, number=place + 1, **parameters)
        for place, (kind, peers, parameters) in enumerate(STACK)
    ]
    try:
        for fault in faults:
            fault.inject()
        for healed, place in enumerate(order):
            assert single.fails("inbound", 0.5)[0] or order[healed:] == [2]
            faults[place].heal()
            standing = [one for one in UPPERMOST if one in order[healed + 1 :]]
            if standing:
                until(f"{faults[standing[0]].kind} to stand", faults[standing[0]].effect)
        for fault in faults:
            until(f"recovery of {fault.kind}", fault.recovered)
    finally:
        for fault in faults:
            fault.heal()
    assert single.left_in_network("mail1") == clean
    until("inbound", lambda: single.works("inbound"))


def test_delays_add_up_and_the_lowest_rate_holds(single: Arena) -> None:
    """Faults of one kind on one node stack too."""
    clean = single.left_in_network("mail1")
    first, second = (single.fault("delay", "mail1", number=number, delay=0.1) for number in (1, 17))
    thin, thinner = (single.fault("bandwidth", "mail1", number=3 + n, kbit=kbit) for n, kbit in enumerate((512, 128)))
    sham = single.fault("delay", "mail1", number=9, delay=0.1)
    try:
        first.inject()
        assert not second.effect()[0], "the first is no proof of the second"
        second.inject()
        until("the sum of the delays", second.effect)
        assert not sham.effect()[0], "nor are two the proof of a third"
        assert not first.recovered()[0], "and the second hides nothing: the first is seen to be there"
        first.heal()
        until("the heal of the first, although the second is in force", first.recovered)
        until("the delay that is left", second.effect)
        second.heal()
        until("both healed", second.recovered)
        thinner.inject()
        thin.inject()
        until("the lower rate", thinner.effect)
        thinner.heal()
        until("the higher rate", thin.effect)
        assert not thinner.effect()[0]
    finally:
        for fault in (first, second, thin, thinner):
            fault.heal()
    assert single.left_in_network("mail1") == clean


@pytest.mark.parametrize("kind", ["delay", "swallow-final-reply", "isolate", "bandwidth"])
def test_healing_after_the_target_died_is_harmless(single: Arena, kind: str) -> None:
    """Rules and programs go with the node; what is left in the helper is ended."""
    clean = single.left_in_network("mail1")
    fault = single.fault(kind, "mail1")
    fault.inject()
    single.cluster.nodes["mail1"].container.kill()
    try:
        fault.heal()
    finally:
        single.cluster.nodes["mail1"].container.start()
    fault.heal()
    until("recovery", fault.recovered, 30)
    for service in ("inbound", "mailbox"):
        until(service, lambda service=service: single.works(service), 30)
    assert "maildrill" not in single.left_in_network("mail1")
    assert len(single.left_in_network("mail1")) <= len(clean) + 40  # Docker's own rules, with other ports


def test_programs_die_with_the_helper(single: Arena) -> None:
    """Whoever removes the helper need not know what runs in it."""
    client, session = single.world.client, f"{single.cluster.session}b"
    helper = Helper(client, ensure_images(client, {"helper"})["helper"], session)
    helper.start()
    try:
        world = World(single.world.look, single.world.attempt, helper, client, single.cluster)
        fault = KINDS["delay"](world, single.cluster.nodes["mail1"], 7, [], KINDS["delay"].Parameters())
        fault.inject()
        until("the effect", fault.effect)
        process = helper.run("sh", "-c", "cat /run/maildrill-delay_line-*")[1].strip()
        assert single.world.helper.run("test", "-d", f"/proc/{process}")[0] == 0
    finally:
        client.containers.get(f"maildrill-{session}-helper").remove(force=True)
    until("its end", lambda: (single.world.helper.run("test", "-d", f"/proc/{process}")[0] != 0, process))
    until("mail past the rule that is left", lambda: single.works("inbound"))
    single.fault("delay", "mail1", number=7).heal()


def test_a_sabotaged_injector_is_seen(single: Arena, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules for packets that never come: everything succeeds, and the effect is not there."""
    fault = single.fault("isolate", "mail1")
    never = "input { type filter hook input priority 0; ip ttl 0 drop"
    monkeypatch.setattr(type(fault), "chains", lambda self: [never])
    fault.inject()
    try:
        assert not fault.effect()[0]
    finally:
        fault.heal()


def _shape(arena: Arena, kind: str, hit: list[str], peers: list[str]) -> list[Fault]:
    nodes, asked = arena.cluster.nodes, KINDS[kind].Parameters()
    members = [[nodes[name] for name in names] for names in (hit, peers)]
    places = KINDS[kind].arrange(*members, asked, random.Random(1))
    return [KINDS[kind](arena.world, place.node, 1, place.peers, asked) for place in places]


MEMBERS = ["mx1", "mx2", "store1", "store2", "proxy"]
HALVES = [("mx1", "mx2"), ("mx1", "store2"), ("mx2", "store1"), ("store1", "store2")]
NOT_NEIGHBOURS = [("mx1", "store1"), ("mx1", "store2"), ("mx2", "store2"), ("mx2", "proxy"), ("store1", "proxy")]
SHAPES = {"bridge": (["proxy"], MEMBERS[:4], set(HALVES)), "ring": (MEMBERS, [], set(NOT_NEIGHBOURS))}


@pytest.mark.parametrize("kind", SHAPES)
def test_a_shape_cuts_its_pairs_and_no_others(ha: Arena, kind: str) -> None:
    """Who reaches whom, tried for every pair."""
    hit, peers, expected = SHAPES[kind]
    faults = _shape(ha, kind, hit, peers)
    assert not any(fault.effect()[0] for fault in faults)
    try:
        for fault in faults:
            fault.inject()
        for fault in faults:
            until("the effect", fault.effect)
        assert _cut_pairs(ha) == expected
    finally:
        for fault in faults:
            fault.heal()
    for fault in faults:
        until("recovery", fault.recovered)
    assert _cut_pairs(ha) == set()


def _cut_pairs(arena: Arena) -> set[tuple[str, str]]:
    nodes, cut = arena.cluster.nodes, set()
    for name in MEMBERS:
        others = [nodes[other] for other in MEMBERS if other != name]
        servers = [f"{other.address}:{other.checks[0][0]}" for other in others]
        seen = look(arena.world, nodes[name], "connections", 0.4, 1, *servers)
        for other, (_, word, _) in zip(others, seen, strict=True):
            if word != "open":
                cut.add(tuple(sorted((name, other.name), key=MEMBERS.index)))
    return cut
