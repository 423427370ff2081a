"""Shapes of a broken network: which node is cut off from whom, and when."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildrill.errors import BadInput
from maildrill.faults import KINDS
from maildrill.faults.placement import Placement


def nodes(number: int) -> list[Any]:
    return [SimpleNamespace(name=f"n{one}") for one in range(number)]


def arranged(kind: str, hit: list[Any], peers: list[Any], seed: int = 1, **parameters: Any) -> list[Placement]:
    asked = KINDS[kind].Parameters.model_validate(parameters)
    return KINDS[kind].arrange(hit, peers, asked, random.Random(seed))


def pairs(places: list[Placement]) -> list[tuple[str, str]]:
    return [(place.node.name, peer.name) for place in places for peer in place.peers]


def test_most_kinds_hit_every_target_alike() -> None:
    """One fault on each node that is hit, with all peers, at once."""
    hit, peers = nodes(2), nodes(3)
    assert arranged("partition", hit, peers) == [Placement(node, peers) for node in hit]


@given(st.integers(2, 12))
def test_a_bridge_cuts_every_pair_across_once_and_touches_nobody_else(number: int) -> None:
    peers = nodes(number)
    cut = pairs(arranged("bridge", nodes(1), peers))
    left, right = {node.name for node in peers[0::2]}, {node.name for node in peers[1::2]}
    assert sorted(cut) == sorted((a, b) for a in left for b in right)


@given(st.integers(4, 12), st.integers(0, 3))
def test_a_ring_leaves_each_node_exactly_two_neighbours(number: int, hit: int) -> None:
    members = nodes(number)
    cut = pairs(arranged("ring", members[:hit], members[hit:]))
    assert len(cut) == len({frozenset(pair) for pair in cut}), "each pair belongs to one fault"
    for place, node in enumerate(members):
        unseen = {other for pair in cut if node.name in pair for other in pair} - {node.name}
        seen = {other.name for other in members} - unseen - {node.name}
        assert seen == {members[place - 1].name, members[(place + 1) % number].name}


@given(st.integers(1, 8), st.integers(0, 4), st.integers(0, 99))
def test_a_swizzle_gives_everyone_a_turn_when_cut_and_when_healed(hit: int, peers: int, seed: int) -> None:
    places = arranged("swizzle", nodes(hit), nodes(peers), seed, every="2s")
    turns = [2.0 * turn for turn in range(hit + peers)]
    assert [place.inject_after for place in places] == turns
    assert sorted(place.heal_after for place in places) == turns
    assert places == arranged("swizzle", [one.node for one in places], [], seed, every="2s"), "the seed decides"


def test_nobody_is_cut_off_from_nobody() -> None:
    """The rules of a partition without peers would let everything pass."""
    (alone,) = nodes(1)
    with pytest.raises(RuntimeError, match="nobody that n0 could be cut off from"):
        KINDS["partition"](SimpleNamespace(), alone, 1, [], KINDS["partition"].Parameters()).inject()


@pytest.mark.parametrize(("kind", "few"), [("bridge", 1), ("ring", 2)])
def test_too_few_nodes_are_an_error(kind: str, few: int) -> None:
    """A shape that cuts nobody must not be a fault that silently does nothing."""
    with pytest.raises(BadInput, match="at least"):
        arranged(kind, nodes(1), nodes(few))
