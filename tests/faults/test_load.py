"""Too much of something, and attacks: effect on real traffic, its absence after healing, nothing left."""

from __future__ import annotations

from typing import Any

import pytest
from arena import Arena, until
from test_process import heal, inject

from maildrill.faults import Fault

pytestmark = [pytest.mark.integration, pytest.mark.faults]


def assert_no_residue(arena: Arena, fault: Fault) -> None:
    """No attacker, no volume of the fault's own."""
    engine = arena.world.client
    names = [one.name for one in engine.containers.list(all=True)] + [one.name for one in engine.volumes.list()]
    own = [f"maildrill-{arena.cluster.session}-{word}-" for word in ("attack", "ransom")]
    assert not [name for name in names if any(name.startswith(one) for one in own)]


@pytest.mark.parametrize(
    ("kind", "with_"),
    [
        ("mail-flood", {"rate": 20}),
        ("spam-wave", {"rate": "10/s"}),
        ("connection-flood", {"connections": 60, "port": 143}),
        ("imap-reconnect-storm", {"rate": 20}),
        ("password-brute-force", {"rate": 10}),
    ],
)
def test_an_attack_is_seen_at_the_target_and_ends(single: Arena, kind: str, with_: dict[str, Any]) -> None:
    """The server's own log or kernel tells of it; mail goes on after."""
    fault = single.fault(kind, "mail1", **with_)
    try:
        inject(fault)
    finally:
        heal(fault)
    assert fault.effect()[0] is False
    assert_no_residue(single, fault)
    for service in ("inbound", "mailbox", "delivery"):
        until(service, lambda service=service: single.works(service), 30)


@pytest.mark.parametrize(
    ("kind", "with_", "service"),
    [
        ("mail-flood", {"rate": 100}, "delivery"),
        ("spam-wave", {"rate": 100}, "delivery"),
        ("imap-reconnect-storm", {"rate": 100}, "mailbox"),
    ],
)
def test_a_small_server_serves_its_users_but_not_an_attack_besides(
    crowded: Arena, kind: str, with_: dict[str, Any], service: str
) -> None:
    """What users feel of an attack: with a tenth of a processor the server is quick enough for one of them alone."""
    small = crowded.fault("cpu-starvation", "mail1", cpus=0.1)
    fault = crowded.fault(kind, "mail1", **with_)
    small.inject()
    try:
        until(service, lambda: crowded.works(service, 2.0), 30)
        fault.inject()
        until(f"no {service}", lambda: crowded.fails(service, 2.0), 30)
        fault.heal()
        until(f"{service} after the attack", lambda: crowded.works(service, 2.0), 90)
    finally:
        fault.heal()
        small.heal()
    until("recovery", fault.recovered, 30)
    assert_no_residue(crowded, fault)


def test_guesses_that_wait_for_their_answer_keep_users_out(crowded: Arena) -> None:
    """Dovecot answers a wrong password late (auth_failure_delay); here it has a process for each of ten who log in.

    Its log, which proves the fault elsewhere, tells of each guess only when that was answered: too late to wait for.
    """
    few = "service imap-login {\nservice_count = 1\nprocess_limit = 10\nprocess_min_avail = 0\n}"
    crowded.shell("mail1", f"cp -p /etc/dovecot/dovecot.conf /tmp/ && echo '{few}' >> /etc/dovecot/dovecot.conf")
    crowded.shell("mail1", "doveadm reload")
    fault = crowded.fault("password-brute-force", "mail1", rate=20)
    try:
        until("mailbox", lambda: crowded.works("mailbox", 1.0))
        fault.inject()
        until("no mailbox", lambda: crowded.fails("mailbox", 1.0), 30)
    finally:
        fault.heal()
        crowded.shell("mail1", "cp -p /tmp/dovecot.conf /etc/dovecot/ && doveadm reload")  # or they wait for minutes
        heal(fault)
    until("mailbox", lambda: crowded.works("mailbox", 1.0), 30)
    assert_no_residue(crowded, fault)


def test_idle_connections_keep_others_out(single: Arena) -> None:
    """More than Postfix has processes for: a stranger's mail waits until they are gone."""
    single.shell("mail1", "postconf -e default_process_limit=20 && postfix reload")
    fault = single.fault("connection-flood", "mail1", connections=60, port=25)
    try:
        inject(fault)
        until("no inbound mail", lambda: single.fails("inbound", 1.0))
    finally:
        heal(fault)
        single.shell("mail1", "postconf -X default_process_limit && postfix reload")
    until("inbound", lambda: single.works("inbound"))


@pytest.mark.parametrize(("cluster", "node"), [("single", "mail1"), ("opensmtpd", "mx1")])
def test_a_herd_waits_and_then_runs(request: pytest.FixtureRequest, cluster: str, node: str) -> None:
    """No delivery while the queue builds up; all of it leaves when released."""
    arena: Arena = request.getfixturevalue(cluster)
    fault = arena.fault("deferred-herd", node, messages=20)
    try:
        inject(fault)
        if len(arena.cluster.select("mx")) == 1:
            assert arena.fails("delivery", 1.0)[0]
    finally:
        heal(fault)
    assert "maildrill_herd" not in arena.world.helper.in_network_of(fault.target.container, "nft", "list tables")[1]
    assert_no_residue(arena, fault)
    until("delivery", lambda: arena.works("delivery"), 30)


def test_a_compromised_account_loses_its_mail(single: Arena) -> None:
    """What was in the inbox is gone, and healing does not claim otherwise."""
    until("a message to delete", lambda: single.works("delivery"))
    fault = single.fault("mass-deletion", "mail1", every=0.1)
    try:
        inject(fault)
    finally:
        heal(fault)
    assert fault.count() == 0
    assert_no_residue(single, fault)
    until("delivery", lambda: single.works("delivery"))


def test_an_empty_inbox_cannot_be_emptied(single: Arena) -> None:
    """The fault says so instead of reporting a success."""
    fault = single.fault("mass-deletion", "mail1", every=0.1)
    until("a message", lambda: single.works("delivery"))
    fault.inject()
    until("an empty inbox", fault.effect)
    fault.heal()
    with pytest.raises(RuntimeError, match="is empty"):
        single.fault("mass-deletion", "mail1").inject()


def test_ransomware_takes_the_mail_and_healing_brings_it_back(single: Arena) -> None:
    """Old mail cannot be read while encrypted, and is there again after."""
    until("a message", lambda: single.works("delivery"))
    user = single.fault("mass-deletion", "mail1")
    before = int(user.from_vantage("read"))
    assert before
    fault = single.fault("ransomware", "mail1")
    try:
        inject(fault)
        until("no readable mail", lambda: ((left := user.from_vantage("read")) == "0", f"{left} of {before} readable"))
    finally:
        heal(fault)
    assert_no_residue(single, fault)
    assert int(user.from_vantage("read")) >= before
    for service in ("inbound", "mailbox", "delivery"):
        until(service, lambda service=service: single.works(service), 30)


def test_ransomware_of_a_busy_server_is_undone_whole(crowded: Arena) -> None:
    """Mail comes in while the private copy is made: what is put back must be something that a server can read."""
    flood = crowded.fault("mail-flood", "mail1", rate=30)
    fault = crowded.fault("ransomware", "mail1")
    user = crowded.fault("mass-deletion", "mail1")
    flood.inject()
    until("mail of the flood", lambda: (int(user.from_vantage("read")) > 5, "few messages"), 30)
    try:
        inject(fault)
        flood.heal()
    finally:
        flood.heal()
        heal(fault)
    until("readable mail", lambda: ((left := int(user.from_vantage("read"))) > 5, f"{left} messages readable"))
    for service in ("inbound", "mailbox", "delivery"):
        until(service, lambda service=service: crowded.works(service), 60)


def test_a_full_mailbox_takes_no_mail_until_there_is_room(quota: Arena) -> None:
    """What the fault put there is gone after."""
    until("delivery", lambda: quota.works("delivery"))
    fault = quota.fault("quota-exhaustion", "mail1", size=100_000)
    before = int(fault.from_vantage("count"))
    try:
        inject(fault)
    finally:
        heal(fault)
    assert int(fault.from_vantage("count")) <= before + 10, "what filled the mailbox is still in it"
    assert_no_residue(quota, fault)


def test_a_mailbox_without_a_quota_is_never_full(single: Arena) -> None:
    """However slow the delivery beside the flood: the server takes one more message."""
    fault = single.fault("quota-exhaustion", "mail1", size=2000)
    before = int(fault.from_vantage("count"))
    try:
        fault.inject()
        until("the filling", lambda: (int(fault.from_vantage("count")) > before + 20, "few messages"))
        for _ in range(5):
            full, seen = fault.effect()
            assert not full
            assert "one more message: stored" in seen
    finally:
        heal(fault)
    assert int(fault.from_vantage("count")) <= before + 10, "what filled the mailbox is still in it"


def test_an_attack_on_a_dead_target_heals(single: Arena) -> None:
    """The attacker goes whatever became of the target."""
    fault = single.fault("mail-flood", "mail1")
    fault.inject()
    fault.target.container.kill()
    fault.heal()
    fault.target.container.start()
    until("recovery", fault.recovered, 30)
    assert_no_residue(single, fault)
