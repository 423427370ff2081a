"""Faults of processes and hosts: effect on real traffic, healing, and a sabotaged injector is seen."""

from __future__ import annotations

import time
from typing import Any

import pytest
from arena import Arena, until

pytestmark = [pytest.mark.integration, pytest.mark.faults]


def inject(fault: Any) -> None:
    """Not seen before; injected twice; seen."""
    assert fault.effect()[0] is False, "the effect must not be seen before"
    fault.inject()
    until("the effect", fault.effect, max(10.0, fault.proof_deadline()))
    fault.inject()  # twice is harmless


def heal(fault: Any, deadline: float = 30) -> None:
    """Healed twice, and recovered within ``deadline`` s."""
    fault.heal()
    fault.heal()
    until("recovery", fault.recovered, deadline)


@pytest.mark.parametrize(("kind", "with_"), [("kill", {}), ("stop", {}), ("freeze", {}), ("restart-loop", {})])
def test_a_dead_server_is_an_outage_until_healed(single: Arena, kind: str, with_: dict[str, Any]) -> None:
    """One server: no service while it is dead; all services after."""
    fault = single.fault(kind, "mail1", **with_)
    try:
        inject(fault)
        until("no inbound mail", lambda: single.fails("inbound"))
        until("no mailbox", lambda: single.fails("mailbox"))
    finally:
        heal(fault)
    for service in ("inbound", "mailbox", "delivery", "outbound"):
        until(service, lambda service=service: single.works(service), 30)


def test_one_killed_daemon_comes_back_by_itself(single: Arena) -> None:
    """Postfix's master replaces a dead queue manager, and mail goes on."""
    fault = single.fault("kill-daemon", "mail1", process="qmgr")
    try:
        inject(fault)
        until("delivery", lambda: single.works("delivery"))
    finally:
        heal(fault)


def test_a_daemon_killed_over_and_over_is_an_outage_until_healed(single: Arena) -> None:
    """No mailbox can be opened while imap-login dies all the time; SMTP does not notice."""
    fault = single.fault("kill-daemon", "mail1", process="imap-login", again=0.02)
    try:
        inject(fault)
        until("no mailbox", lambda: single.fails("mailbox", 1.0))
        until("inbound", lambda: single.works("inbound"))
    finally:
        heal(fault)
    until("mailbox", lambda: single.works("mailbox"))


def test_a_daemon_its_master_does_not_replace_is_brought_back_by_healing(single: Arena) -> None:
    """Dovecot's own master is dead: the node is restarted."""
    fault = single.fault("kill-daemon", "mail1", process="dovecot")
    try:
        inject(fault)
        until("no mailbox", lambda: single.fails("mailbox", 1.0))
    finally:
        heal(fault)
    until("mailbox", lambda: single.works("mailbox"))


def test_a_frozen_daemon_hangs_and_goes_on(single: Arena) -> None:
    """Mail is accepted and not delivered while the queue manager is stopped; nothing of it is lost."""
    fault = single.fault("freeze-daemon", "mail1", process="qmgr")
    try:
        inject(fault)
        assert single.fails("delivery", 1.0)[0]
        assert single.works("inbound")[0]
    finally:
        heal(fault)
    until("delivery", lambda: single.works("delivery"))


def test_a_daemon_that_does_not_run_is_said(single: Arena) -> None:
    """With the names that do."""
    with pytest.raises(RuntimeError, match=r'mail1 runs no process "exim4" but .*qmgr'):
        single.fault("freeze-daemon", "mail1", process="exim4").inject()


def test_a_starved_server_is_slow_until_healed(single: Arena) -> None:
    """Opening a mailbox takes many times as long."""
    until("mailbox", lambda: single.works("mailbox"))
    healthy = single.world.attempt("mailbox").seconds
    fault = single.fault("cpu-starvation", "mail1", cpus=0.03)
    try:
        inject(fault)
        # Once is not enough: the kernel gives a node some time in advance.
        starved = [single.world.attempt("mailbox", 2.0) for _ in range(3)]
        assert any(not one.ok or one.seconds > 5 * healthy for one in starved), (healthy, starved)
    finally:
        heal(fault)
    until("mailbox", lambda: single.works("mailbox"))


MANY = 40
CROWD = """
import imaplib, ssl, sys
from concurrent.futures import ThreadPoolExecutor
host, user, password, number = *sys.argv[1:4], int(sys.argv[4])
inside = []
def come(_):
    try:
        inside.append(imaplib.IMAP4_SSL(host, ssl_context=ssl._create_unverified_context(), timeout=5))
        inside[-1].login(user, password)
        return True
    except Exception:
        return False
with ThreadPoolExecutor(number) as pool:
    print(sum(pool.map(come, range(number))))
"""
"""How many of a number of users who come at once, and stay, are let in."""


def come_in(arena: Arena) -> int:
    """How many of a crowd the server lets in; those who stay have a process of Dovecot each, and its memory."""
    user, password = arena.cluster.accounts[0]
    vantage, address = arena.cluster.vantage.container, arena.cluster.nodes["mail1"].address
    return int(vantage.exec_run(["python3", "-c", CROWD, address, user, password, str(MANY)]).output)


def everybody_comes_in(arena: Arena) -> None:
    """All of the crowd, soon; the processes of users who left are gone after."""
    until("everybody in", lambda: ((came := come_in(arena)) == MANY, f"{came} of {MANY}"), 30)
    arena.shell("mail1", "doveadm reload")
    until("mailbox", lambda: arena.works("mailbox"), 30)


@pytest.mark.parametrize(("kind", "with_"), [("pid-exhaustion", {}), ("out-of-memory", {"spare": 4, "again": 0.1})])
def test_a_server_that_has_no_more_to_give_keeps_users_out_until_healed(
    single: Arena, kind: str, with_: dict[str, Any]
) -> None:
    """Without a new process, or memory for it, only as many come in as there are to spare.

    Postfix starts a daemon that it could not start again after service_throttle_time only: 60 s.
    """
    everybody_comes_in(single)
    fault = single.fault(kind, "mail1", **with_)
    try:
        inject(fault)
        until("somebody kept out", lambda: ((came := come_in(single)) < MANY, f"{came} of {MANY} let in"), 60)
    finally:
        heal(fault, 90)
    everybody_comes_in(single)
    for service in ("mailbox", "inbound", "delivery", "outbound"):
        until(service, lambda service=service: single.works(service), 90)


@pytest.mark.parametrize("by", [40 * 86400.0, -3600.0])
def test_a_wrong_clock_is_read_by_the_servers_until_healed(clocked: Arena, by: float) -> None:
    """Postfix stamps its log with the wrong day or hour."""
    fault = clocked.fault("clock-step", "mail1", by=by)
    wrong = time.time() + by
    try:
        inject(fault)
        until("inbound", lambda: clocked.works("inbound"))
        log = fault.target.container.logs(tail=50).decode(errors="replace")
        stamps = [time.strftime("%b %d %H", time.gmtime(wrong + late)) for late in (0, 60)]
        assert any(line.startswith(stamp) for stamp in stamps for line in log.splitlines()), log[-500:]
    finally:
        heal(fault)
    for service in ("inbound", "mailbox", "delivery"):
        until(service, lambda service=service: clocked.works(service), 30)


def test_a_wrong_clock_of_a_dead_server_is_healed(clocked: Arena) -> None:
    """It is up with the right time after."""
    fault = clocked.fault("clock-step", "mail1", by=60)
    fault.inject()
    fault.target.container.kill()
    heal(fault)


@pytest.mark.parametrize(
    ("kind", "with_"),
    [
        ("kill-daemon", {"process": "qmgr"}),
        ("freeze-daemon", {"process": "qmgr"}),
        ("out-of-memory", {}),
        ("cpu-starvation", {}),
        ("pid-exhaustion", {}),
    ],
)
def test_healing_a_dead_target_is_harmless(single: Arena, kind: str, with_: dict[str, Any]) -> None:
    """Every kind heals what died meanwhile, and the node is up after."""
    node = single.cluster.nodes["mail1"]
    fault = single.fault(kind, "mail1", **with_)
    until("services", fault.recovered, 30)
    fault.inject()
    node.container.kill()
    fault.heal()
    node.container.start()
    until("recovery", fault.recovered, 30)
