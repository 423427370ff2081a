"""Faults on a planted node, whose acts are written down and not done, for the tests of their proofs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from maildrill.faults import KINDS


class Helper:
    """Writes down what it is told to run in a node's network, and does nothing."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def run(self, *command: str) -> tuple[int, str]:
        self.ran.append(" ".join(command))
        return 0, ""

    def in_network_of(self, _: Any, *command: str) -> tuple[int, str]:
        return self.run(*command)


def fault(kind: str, number: int = 1, world: Any = None, **parameters: Any) -> Any:
    """A fault on a node that answers on port 25."""
    container = SimpleNamespace(reload=lambda: None, status="running", attrs={"State": {"StartedAt": "first"}})
    target = SimpleNamespace(name="mx1", address="10.0.0.2", checks=[(25, "smtp")], container=container)
    cluster = SimpleNamespace(vantage=SimpleNamespace(name="vantage"), model=SimpleNamespace(domain="example.test"))
    world = world or SimpleNamespace(helper=Helper(), layers={}, cluster=cluster)
    return KINDS[kind](world, target, number, [], KINDS[kind].Parameters.model_validate(parameters))
