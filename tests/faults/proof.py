"""How a kind of fault is tried: not seen before, seen while it is there, felt by real mail, gone without a trace."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from arena import Arena, until


@dataclass(frozen=True)
class Case:
    """A fault on a node of the single-server cluster, and what real mail feels of it."""

    kind: str
    target: str = "mail1"
    peers: list[str] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)
    fails: str | None = None
    slow: tuple[str, float] | None = None  # a service, and the s it takes at least
    spared: str | None = None

    def __str__(self) -> str:
        return "-".join([self.kind, *(str(value) for value in self.parameters.values())])


def try_out(arena: Arena, case: Case) -> None:
    """The whole life of a fault, with every act done twice."""
    fault = arena.fault(case.kind, case.target, case.peers, **case.parameters)
    clean = arena.left_in_network(case.target)
    assert not fault.effect()[0], "the effect must not be seen before"
    fault.inject()
    try:
        until("the effect", fault.effect)
        assert not fault.recovered()[0], "it cannot be broken and whole"
        fault.inject()
        feel(arena, case)
    finally:
        fault.heal()
    fault.heal()
    until("recovery", fault.recovered)
    for service in {case.fails, case.spared, case.slow[0] if case.slow else None} - {None}:
        until(f"{service} after healing", lambda service=service: works_again(arena, service))
    if case.slow:
        until("speed after healing", lambda: (arena.world.attempt(case.slow[0], 10.0).seconds < case.slow[1], "slow"))
    assert not fault.effect()[0]
    assert arena.left_in_network(case.target) == clean


def works_again(arena: Arena, service: str) -> tuple[bool, str]:
    """Whether it works now. A domain to which five messages failed Postfix leaves alone until its queue is flushed."""
    if service == "outbound":
        arena.shell("mail1", "postqueue -f")
    return arena.works(service, 3.0)


def feel(arena: Arena, case: Case) -> None:
    """Real mail during the fault."""
    if case.fails:
        until(f"{case.fails} to fail", lambda: arena.fails(case.fails, 1.2))
    if case.spared:
        until(f"{case.spared} to work", lambda: arena.works(case.spared))
    if case.slow:
        service, least = case.slow
        taken = arena.world.attempt(service, 10.0)
        assert taken.ok, taken.error
        assert taken.seconds >= least
