"""Targets: who is hit when an entry fires."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildrill.drill.questions import Asked, local_addresses
from maildrill.drill.targets import resolve, resolve_peers
from maildrill.errors import BadInput, EnvironmentProblem
from maildrill.scenario.model import Target
from maildrill.scenario.reach import how_many, reach


def node(name: str, *roles: str, site: str | None = None) -> Any:
    """A node as a target sees it."""
    return SimpleNamespace(name=name, roles=list(roles), site=site, address=name, checks=[(25, "smtp")])


NODES: dict[str, Any] = {
    one.name: one
    for one in (
        node("mx1", "mx", site="north"),
        node("mx2", "mx", site="south"),
        node("store1", "store", site="north"),
        node("all", "mx", "store"),
        node("world", "outside", site="north"),
    )
}


class Oracle:
    """Answers every question with the last candidate."""

    def holder(self, user: str, among: list[Any]) -> tuple[str, str]:
        return among[-1].name, f"holds {user}"

    def owner(self, address: str, among: list[Any]) -> tuple[str, str]:
        return among[-1].name, f"has {address}"

    def first_answering(self, among: list[Any]) -> tuple[str, str]:
        return among[-1].name, "answers"


def names(seed: int = 1, **target: Any) -> list[str]:
    """Names of the nodes that a target means."""
    return [one.name for one in resolve(Target(**target), NODES, random.Random(seed), Oracle()).nodes]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"role": "mx"}, ["mx1"]),
        ({"role": "mx", "pick": "first"}, ["mx1"]),
        ({"role": "mx", "pick": "last"}, ["all"]),
        ({"role": "mx", "pick": "all"}, ["mx1", "mx2", "all"]),
        ({"node": "mx2"}, ["mx2"]),
        ({"site": "north"}, ["mx1", "store1"]),
        ({"role": "mx", "site": "south"}, ["mx2"]),
        ({"role": "mx", "fraction": 1.0}, ["mx1", "mx2", "all"]),
        ({"role": "store", "holds": "user7"}, ["all"]),
        ({"role": "mx", "has_address": "mail.example.test"}, ["all"]),
        ({"role": "mx", "pick": "answering"}, ["all"]),
    ],
)
def test_who_is_hit(target: dict[str, Any], expected: list[str]) -> None:
    """Positions are those of the cluster file; the outside world stands at no site."""
    assert names(**target) == expected


@given(st.integers(1, 50), st.floats(0.01, 1.0))
def test_a_fraction_hits_at_least_one_and_never_more_than_asked(of: int, fraction: float) -> None:
    count = how_many(Target(role="mx", fraction=fraction), of)
    assert 1 <= count <= of
    assert count == 1 or count <= fraction * of + 1e-6


@given(st.integers(1, 50))
def test_a_majority_leaves_a_minority(of: int) -> None:
    count = how_many(Target(role="mx", majority=True), of)
    assert count > of - count
    assert count - 1 <= of - (count - 1)


@pytest.mark.parametrize("choice", [{"pick": "random"}, {"fraction": 0.5}, {"majority": True}])
def test_chance_is_repeatable_and_within_reach(choice: dict[str, Any]) -> None:
    """The same seed hits the same nodes, and what is foretold before the start holds."""
    foretold = reach(Target(role="mx", **choice), NODES)
    for seed in range(20):
        hit = names(seed, role="mx", **choice)
        assert hit == names(seed, role="mx", **choice)
        assert set(hit) <= set(foretold.among)
        assert len(hit) == foretold.count
    assert len({tuple(names(seed, role="mx", **choice)) for seed in range(20)}) > 1


def test_why_is_said() -> None:
    """What was resolved, and how, goes into the journal."""
    found = resolve(Target(role="store", holds="user7"), NODES, random.Random(1), Oracle())
    assert str(found) == "all (role store, holds user7: holds user7)"


def test_nobody_is_an_error() -> None:
    """A target that means nobody must not be a fault that silently does nothing."""
    with pytest.raises(BadInput, match="filter"):
        names(role="filter")


def test_peers_never_include_the_target() -> None:
    """A node is not cut from itself."""
    peers = [Target(role="mx", pick="all"), Target(role="store", pick="all")]
    found = resolve_peers(peers, [NODES["all"]], NODES, random.Random(), Oracle())
    assert [peer.name for peer in found] == ["mx1", "mx2", "store1"]


FIB = """\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 10.213.0.0
        /26 link UNICAST
     |-- 10.213.0.7
        /32 host LOCAL
     |-- 10.213.0.63
        /32 link BROADCAST
  |-- 127.0.0.1
        /32 host LOCAL
"""


def test_addresses_of_a_machine() -> None:
    assert local_addresses(FIB) == {"10.213.0.7"}


def asked(look: Any, outputs: dict[str, str], newest: list[str]) -> Asked:
    """Questions to nodes that answer every shell command with a text."""
    cluster = SimpleNamespace(model=SimpleNamespace(accounts=8, domain="example.test"))
    for name, one in NODES.items():
        answer = SimpleNamespace(output=outputs.get(name, "").encode())
        one.container = SimpleNamespace(exec_run=lambda *_, answer=answer, **__: answer)
        one.volumes = {"mail": ("volume", "/var/mail")}
    return Asked(SimpleNamespace(look=look, cluster=cluster), lambda _: newest)  # type: ignore[arg-type]


def test_the_holder_is_where_the_message_came_first() -> None:
    """Replicas hold it too: the earlier change time of its file tells."""
    times = {"store1": "1700000000.200000000\n", "all": "1700000000.100000000\n"}
    name, seen = asked(None, times, ["d-i-000007"]).holder("user-7", [NODES["store1"], NODES["all"]])
    assert name == "all"
    assert seen == "d-i-000007 was there first; also on store1"


def test_no_holder_is_an_error_that_says_what_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maildrill.drill.questions.PATIENCE_S", 0.0)
    with pytest.raises(EnvironmentProblem, match=r"user7@example\.test; last seen: no message of the user was seen"):
        asked(None, {}, []).holder("user7", [NODES["store1"]])


def test_the_first_that_answers() -> None:
    """The dead ones before it are passed over."""

    def look(host: str, port: int, protocol: str) -> tuple[bool, str]:
        return host == "all", f"{host} looked at"

    name, _ = asked(look, {}, []).first_answering([NODES["store1"], NODES["all"]])
    assert name == "all"
