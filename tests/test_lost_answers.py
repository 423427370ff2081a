"""What a program in a node did not say is a failure of the engine: looked for again, and no defect of maildrill."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from maildrill.cluster.imagefile import Queue
from maildrill.custody.proof import Proof
from maildrill.faults import KINDS

ACCOUNTS = [("user1@example.test", "secret")]
QUEUE = Queue(waiting="find deferred -type f | wc -l", flush="postqueue -f")


def fault(kind: str, said: list[bytes], **parameters: Any) -> Any:
    """A fault in a cluster whose programs say these, one after another."""
    container = SimpleNamespace(status="running", reload=lambda: None)
    container.exec_run = lambda _: Answer((0, said.pop(0)))
    node = SimpleNamespace(name="mx1", address="10.0.0.2", checks=[(993, "imaps")], container=container, queue=QUEUE)
    cluster = SimpleNamespace(vantage=node, accounts=ACCOUNTS, session="s")
    world = SimpleNamespace(cluster=cluster, client=None)
    return KINDS[kind](world, node, 1, [], KINDS[kind].Parameters.model_validate(parameters))


class Answer(tuple[int, bytes]):
    """(exit code, output), as the engine's client gives it."""

    @property
    def output(self) -> bytes:
        return self[1]


def seen(look: Any) -> Any:
    moments = iter(range(100))
    return Proof(look, lambda: float(next(moments))).within(5.0, lambda: False)[0]


FORKLESS = b"OCI runtime exec failed: exec failed: Resource temporarily unavailable"


@pytest.mark.parametrize("lost", [b"", FORKLESS])
def test_the_time(lost: bytes) -> None:
    step = fault("clock-step", [lost, b"160.5\n", lost, b"160.5\n", b"100.5\n"], by=60)
    assert seen(step.effect) == 2.0


@pytest.mark.parametrize("lost", [b"", FORKLESS, b"3\nfind: 'deferred/A': No such file or directory"])
def test_a_queue(lost: bytes) -> None:
    herd = fault("deferred-herd", [lost, b"find: 'deferred/A': No such file or directory\n250\n"])
    herd._before = 50
    herd.attacker = lambda: None
    assert seen(herd.effect) == 1.0


def test_an_inbox() -> None:
    deletion = fault("message-deletion", [b"", b"0\n"])
    deletion._id = "d-i-000001"
    assert seen(deletion.effect) == 1.0
    deletion = fault("mass-deletion", [b"", b"1\n"])
    deletion._before = 10
    deletion.attacker = lambda: None
    assert seen(deletion.effect) == 1.0


STATES = b"Name:\tinit\nState:\tS (sleeping)\nPid:\t1\nName:\tlmtp\nState:\tT (stopped)\nPid:\t12\n"
PANIC = b"runtime: failed to create new OS thread\nfatal error: newosproc\nruntime stack:\n" * 3


@pytest.mark.parametrize("lost", [b"", FORKLESS, PANIC])
def test_processes(lost: bytes) -> None:
    """Those that were stopped are found and told to go on; nothing heard is not nobody there."""
    said = [lost, STATES, b""]
    frozen, told = fault("freeze-daemon", said, process="lmtp"), list[list[str]]()
    answer = frozen.target.container.exec_run
    frozen.target.container.exec_run = lambda command: [told.append(command), answer(command)][1]
    frozen.target.container.name = "maildrill-mx1"
    frozen.heal()
    assert "kill -s CONT 12" in told[-1][-1]
    said += [lost] * 3
    with pytest.raises(RuntimeError, match="does not tell its processes"):
        frozen.recovered()
