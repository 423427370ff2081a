"""A fault is proven by what it did: what was there before it, or beside it, does not count."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from proof_bench import fault

from maildrill.faults.dependency import names
from maildrill.faults.network import port_blocked, rules
from maildrill.traffic import attacker


@pytest.mark.parametrize("how", ["reset", "drop"])
def test_a_port_where_nobody_listens_cannot_be_blocked(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused before, too; a server that was just started has a while to open it."""
    monkeypatch.setattr(rules, "WHOLE_DEADLINE_S", 0.05)
    words: Iterator[str] = itertools.repeat("refused")
    monkeypatch.setattr(port_blocked, "look", lambda *_: [["", next(words), 0.0]])
    blocked = fault("port-blocked", port=2525, how=how)
    with pytest.raises(RuntimeError, match="must answer before it is blocked, but vantage -> mx1:2525 refused"):
        blocked.inject()
    assert not blocked.world.helper.ran
    monkeypatch.setattr(rules, "WHOLE_DEADLINE_S", 5.0)
    words = iter(["refused", "open"])
    blocked.inject()
    blocked.inject()
    assert len(blocked.world.helper.ran) == 2, "what has answered once need not answer when it is injected again"


def test_a_frozen_daemons_port_is_looked_at_or_refused() -> None:
    with pytest.raises(RuntimeError, match="nobody looks at port 4190 of mx1; give one of: 25"):
        fault("freeze-daemon", process="dovecot", port=4190).inject()


def marks(one: Any) -> set[str]:
    """The marks in the rules of a delay that was just injected."""
    words = one.world.helper.ran[-1].split()
    return {words[place + 1] for place, word in enumerate(words) if word == "--mark"}


def test_delays_on_one_node_have_marks_of_their_own() -> None:
    """Whatever their numbers: with one mark for two, packets pass only the first."""
    first = fault("delay", 1)
    first.inject()
    kept = marks(first)
    others = [fault("delay", 1 + 16 * step, first.world) for step in range(1, 16)]
    for one in others:
        one.inject()
        assert not marks(one) & kept
        kept |= marks(one)
    assert len(kept) == 16
    first.inject()
    with pytest.raises(RuntimeError, match="mx1 has 16 delays at once already"):
        fault("delay", 999, first.world).inject()
    others[3].heal()
    fault("delay", 999, first.world).inject()


@pytest.mark.parametrize(
    ("answer", "delivered", "proven"),
    [
        ("stored", False, False),
        ("APPEND: a2 NO [OVERQUOTA] Quota exceeded", False, True),
        ("APPEND: a2 NO [ALERT] You exceeded your mail quota.", False, True),
        ("APPEND: a2 NO [OVERQUOTA] Quota exceeded", True, False),
    ],
)
def test_slow_delivery_is_no_full_mailbox(answer: str, delivered: bool, proven: bool) -> None:
    """The flood that fills it makes a busy server slow; only the server knows that it is full."""
    tried = SimpleNamespace(ok=delivered, error="" if delivered else "accepted and not visible")
    container = SimpleNamespace(exec_run=lambda _: (0, answer.encode()))
    world = SimpleNamespace(
        attempt=lambda service, _: tried if service == "delivery" else SimpleNamespace(ok=True, error=""),
        cluster=SimpleNamespace(
            accounts=[("user1@x.test", "secret")],
            session="ab12",
            vantage=SimpleNamespace(container=container),
        ),
        client=SimpleNamespace(containers=SimpleNamespace(get=lambda _: SimpleNamespace(status="running"))),
    )
    full = fault("quota-exhaustion", world=world)
    full.target.checks = [(143, "imap")]
    assert full.effect()[0] is proven


async def squeezed(reply: str) -> None:
    """One more message for a server that answers so."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK here\r\n")
        while line := await reader.readline():
            tag, command = line.decode().split()[:2]
            if command == "APPEND":
                size = int(line.decode().rpartition("{")[2].split("+")[0])
                await reader.readexactly(size + 2)
            writer.write(f"{tag} {reply if command == 'APPEND' else 'OK'}\r\n".encode())
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        await attacker.squeeze({"host": host, "port": port, "account": ["user1", "secret"], "mark": "attack1"})


@pytest.mark.parametrize(
    ("reply", "printed"),
    [("OK stored", "stored"), ("NO [OVERQUOTA] full", "APPEND: a2 NO [OVERQUOTA] full")],
)
def test_what_the_server_says_to_one_more_message(reply: str, printed: str, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(squeezed(reply))
    assert capsys.readouterr().out.strip() == printed


def test_a_shell_of_which_nothing_is_heard_may_have_forked() -> None:
    """The engine loses what a program said now and then."""
    exhausted = fault("pid-exhaustion")
    said = ""
    exhausted.target.container.exec_run = lambda _: SimpleNamespace(output=said.encode())
    assert exhausted.effect() == (False, "nothing was said")
    said = "sh: 0: Cannot fork"
    assert exhausted.effect() == (True, said)


@pytest.mark.parametrize(("delay", "jitter", "peers"), [(0.1, 0.0, 0), (0.4, 0.2, 9), (10.0, 0.0, 0), (30.0, 15.0, 3)])
def test_a_delay_is_waited_for_as_long_as_one_look_takes(delay: float, jitter: float, peers: int) -> None:
    late = fault("delay", delay=delay, jitter=jitter)
    late.peers = [SimpleNamespace(name=f"peer{number}", addresses=[]) for number in range(peers)]
    tries = 3 if delay < 0.5 else 1
    assert late.proof_deadline() >= 8.0 + tries * (delay + jitter) * max(1, peers) - 1e-9


NOWHERE = {"status": "NXDOMAIN", "addresses": [], "seconds": 0.01}
HERE = {"status": "NOERROR", "addresses": ["10.0.0.9"], "seconds": 0.01}


@pytest.mark.parametrize(
    ("kind", "before", "parameters"),
    [
        ("dns-nxdomain", NOWHERE, {}),
        ("dns-servfail", NOWHERE | {"status": "SERVFAIL"}, {}),
        ("dns-timeout", NOWHERE | {"status": "timeout"}, {}),
        ("dns-wrong-answer", HERE, {"address": "10.0.0.9"}),
        ("dns-stale", HERE, {"address": "10.0.0.9"}),
    ],
)
def test_an_answer_that_is_as_wrong_without_the_fault_proves_nothing(
    kind: str, before: dict[str, Any], parameters: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name with a typing error does not exist; the address that is right is no lie."""
    monkeypatch.setattr(rules, "WHOLE_DEADLINE_S", 0.05)
    monkeypatch.setattr(names, "look", lambda *_: before)
    answers = fault(kind, names=["mx.example.test"], **parameters)
    assert answers.effect()[0]
    with pytest.raises(RuntimeError, match=r"mx\.example\.test must be answered before"):
        answers.inject()
    assert not answers.world.helper.ran
    monkeypatch.setattr(names, "look", lambda *_: HERE | {"addresses": ["10.0.0.1"]})
    answers.inject()
    assert answers.world.helper.ran


def test_a_server_that_is_never_seen_up_is_said_to_need_longer() -> None:
    """It dies again before it serves: seen from outside it is dead all the time, and a loop is not proven."""
    up = iter([True] * 2 + [False] * 4 + [True] * 2 + [False] * 2)  # two looks each time
    looping = fault("restart-loop", world=SimpleNamespace(look=lambda *_: (next(up), "")), up="3s")
    seen = [looping.effect() for _ in range(5)]
    hint = "; if its services take longer than 3 s to start, let it live longer (up)"
    assert seen[2] == (False, f"seen up, dead{hint}")
    assert seen[4] == (True, "seen up, dead, up, dead")
