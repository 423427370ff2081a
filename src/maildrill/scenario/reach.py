"""Whom a target can hit, as far as the cluster file and a drill's dice tell."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from maildrill.scenario.model import Target

OUTSIDE = "outside"


class Placed(Protocol):
    """A node of a cluster file, or one that runs."""

    @property
    def roles(self) -> list[str]: ...

    @property
    def site(self) -> str | None: ...


@dataclass(frozen=True)
class Reach:
    """``count`` nodes are hit, and all of them are ``among`` these."""

    among: tuple[str, ...]
    count: int
    how: str = ""

    @property
    def certain(self) -> bool:
        """Whether it is known before the start which nodes are hit."""
        return self.count == len(self.among)

    def __str__(self) -> str:
        names = ", ".join(self.among)
        return names if self.certain else f"{self.count} of {names} ({self.how})"


def candidates(target: Target, nodes: Mapping[str, Placed]) -> list[str]:
    """The nodes a target chooses from, in the cluster file's order. The outside world stands at no site."""
    if target.node is not None:
        return [name for name in nodes if name == target.node]
    found = [name for name, node in nodes.items() if target.role is None or target.role in node.roles]
    if target.role is None:
        found = [name for name in found if OUTSIDE not in nodes[name].roles]
    return [name for name in found if target.site is None or nodes[name].site == target.site]


def how_many(target: Target, of: int) -> int:
    """How many of ``of`` candidates are hit: a fraction is rounded down, but hits at least one."""
    if target.fraction is not None:
        return min(of, max(1, math.floor(target.fraction * of + 1e-9)))
    if target.majority:
        return of // 2 + 1 if of else 0
    takes_all = target.pick == "all" or (not target.choices() and target.role is None)
    return of if takes_all else min(of, 1)


def choose(target: Target, among: list[str], dice: random.Random) -> list[str] | None:
    """Which of the candidates are hit, in their order; None if only the running cluster can tell."""
    if target.holds is not None or target.has_address is not None or target.pick == "answering":
        return None
    count = how_many(target, len(among))
    if target.pick == "last":
        return among[-1:]
    if target.pick == "random" or target.majority or target.fraction is not None:
        hit = set(dice.sample(among, count))
        return [name for name in among if name in hit]
    return among[:count]


def reach(target: Target, nodes: Mapping[str, Placed]) -> Reach:
    """Whom a target can hit."""
    among = candidates(target, nodes)
    count = how_many(target, len(among))
    if target.pick == "last":
        among = among[-1:]
    elif target.pick == "first" or not target.choices():
        among = among[:count]
    return Reach(tuple(among), count, _how(target))


def _how(target: Target) -> str:
    if target.holds is not None:
        return f"the one that holds the newest mail of {target.holds}, looked up when it fires"
    if target.has_address is not None:
        return f"the one that has the address {target.has_address}, looked up when it fires"
    return "the first that answers when it fires" if target.pick == "answering" else "at random"
