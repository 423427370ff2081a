"""Looks from a node's place in the network: what cannot be looked at is a failure of the engine, and tried again."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from maildrill.faults.looks import look


def world(code: int, output: str) -> Any:
    """A helper whose programs end so."""
    return SimpleNamespace(helper=SimpleNamespace(in_network_of=lambda *_: (code, output)))


@pytest.mark.parametrize(
    ("code", "output", "said"),
    [(1, "no route", r"no look \(connections\) from mx1: no route"), (0, "", "it said ''"), (0, "[[1", "it said '")],
)
def test_a_look_that_says_nothing_is_no_look(code: int, output: str, said: str) -> None:
    """The engine loses what a program said now and then, with exit code 0."""
    with pytest.raises(RuntimeError, match=said):
        look(world(code, output), SimpleNamespace(name="mx1", container=None), "connections")


def test_what_it_saw() -> None:
    assert look(world(0, '[["a", 1]]'), SimpleNamespace(name="mx1", container=None), "connections") == [["a", 1]]
