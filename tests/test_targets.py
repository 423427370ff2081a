"""Targets: who is hit when a fault fires."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import pytest

from maildrill.drill.targets import resolve, resolve_peers
from maildrill.errors import BadInput
from maildrill.scenario.model import Target

NODES: dict[str, Any] = {
    name: SimpleNamespace(name=name, roles=roles)
    for name, roles in {"mx1": ["mx"], "mx2": ["mx"], "store1": ["store"], "all": ["mx", "store"]}.items()
}


@pytest.mark.parametrize(("pick", "names"), [("first", ["mx1"]), ("last", ["all"]), ("all", ["mx1", "mx2", "all"])])
def test_by_role(pick: Any, names: list[str]) -> None:
    """Positions are those of the cluster file."""
    assert [node.name for node in resolve(Target(role="mx", pick=pick), NODES, random.Random(1))] == names


def test_random_is_repeatable() -> None:
    """The same seed hits the same node."""
    target = Target(role="mx", pick="random")
    assert resolve(target, NODES, random.Random(7)) == resolve(target, NODES, random.Random(7))


def test_nobody_is_an_error() -> None:
    """A target that means nobody must not be a fault that silently does nothing."""
    with pytest.raises(BadInput, match="filter"):
        resolve(Target(role="filter"), NODES, random.Random(1))


def test_peers_never_include_the_target() -> None:
    """A node is not cut from itself."""
    hit = [NODES["all"]]
    peers = resolve_peers(
        [Target(role="mx", pick="all"), Target(role="store", pick="all")], hit, NODES, random.Random()
    )
    assert [peer.name for peer in peers] == ["mx1", "mx2", "store1"]
