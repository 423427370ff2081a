"""Faults of storage: effect on real traffic, absence after healing, no residue; and what fsync is worth."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from contextlib import contextmanager

import pytest
from arena import Arena, make_arena, until

from maildrill.cluster.clusterfile import load_cluster
from maildrill.faults import Fault

pytestmark = [pytest.mark.integration, pytest.mark.faults]

USER = "$(sed -n '1s/:.*//p' /etc/dovecot/users)"
SERVICES = ("inbound", "mailbox", "delivery", "outbound")
TRIES = 20
running = contextmanager(make_arena)


@pytest.fixture(autouse=True)
def leave_no_residue(request: pytest.FixtureRequest) -> object:
    """After each test all services work again, and no file of ours is on the volumes."""
    arena = next((request.getfixturevalue(name) for name in ("disks", "single") if name in request.fixturenames), None)
    yield
    if arena is not None:
        for service in SERVICES:
            until(service, lambda service=service: arena.works(service), 40)
        assert arena.shell("mail1", "find /srv/mail /var/spool/postfix -name '.maildrill*'") == ""


@contextmanager
def injected(fault: Fault) -> object:
    """Injected twice and effective; healed twice, also if the test fails, and recovered."""
    assert fault.effect()[0] is False, "the effect must not be seen before"
    try:
        fault.inject()
        until("the effect", fault.effect)
        fault.inject()
        yield
    finally:
        fault.heal()
    fault.heal()
    until("recovery", fault.recovered, 30)


def inbox(arena: Arena) -> list[str]:
    """Ids of the whole messages the server can read to its first user, sorted."""
    text = arena.shell("mail1", f"doveadm fetch -u {USER} text mailbox INBOX all 2>/dev/null")
    whole = [part for part in text.split("\f") if len(part) >= 500]
    return sorted(
        line.split()[1]
        for part in whole
        for line in part.splitlines()
        if re.match(r"X-Maildrill-Id: [a-z0-9]+-t-", line)
    )


def test_a_full_disk_refuses_mail_and_recovers_without_restart(disks: Arena) -> None:
    """Mail is refused, mailboxes can be read."""
    started = disks.shell("mail1", "cat /proc/1/stat | cut -d' ' -f22")
    with injected(disks.fault("disk-full", "mail1")):
        assert "452" in disks.fails("inbound")[1]
        assert disks.works("mailbox")[0]
    assert disks.shell("mail1", "cat /proc/1/stat | cut -d' ' -f22") == started


def test_only_the_volume_asked_for_is_hit(disks: Arena) -> None:
    """With a full store mail is still accepted: it waits in the queue."""
    with injected(disks.fault("disk-full", "mail1", volume="store")):
        assert disks.works("inbound")[0]
        until("no delivery, once the last blocks are full", lambda: disks.fails("delivery", 2.0))
    disks.shell("mail1", "postqueue -f")


def test_a_slow_disk_delays_mail_and_refuses_none(disks: Arena) -> None:
    """Two operations a second: a message takes seconds instead of a fraction of one."""
    with injected(disks.fault("disk-slow", "mail1", operations_per_second=2)):
        slow = disks.world.attempt("inbound", 20.0)
    until("inbound", lambda: disks.works("inbound"), 30)
    quick = disks.world.attempt("inbound", 20.0)
    assert slow.ok, slow.error
    assert slow.seconds > 0.5 > quick.seconds


@pytest.mark.parametrize("kind", ["io-errors", "read-only"])
def test_a_dead_disk_stops_mail_until_it_is_mounted_anew(disks: Arena, kind: str) -> None:
    """No mail is accepted, and what was delivered before is there afterwards."""
    assert disks.works("delivery", 10.0)[0]
    before = inbox(disks)
    assert before
    with injected(disks.fault(kind, "mail1")):
        assert disks.fails("inbound", 4.0)[0]
    until("delivery", lambda: disks.works("delivery"), 30)
    assert set(before) <= set(inbox(disks))


def test_power_loss_is_an_outage_until_the_node_starts(disks: Arena) -> None:
    """Everything is off; the disks were not unmounted in order; everything is back after."""
    with injected(disks.fault("power-loss", "mail1")):
        assert disks.fails("inbound")[0]
        assert disks.fails("mailbox")[0]


def test_healing_a_disk_of_a_dead_node_starts_it(disks: Arena) -> None:
    """The target died during the fault."""
    with injected(disks.fault("io-errors", "mail1")):
        disks.cluster.nodes["mail1"].container.kill()


def test_a_wiped_volume_empties_mailboxes_under_the_running_server(single: Arena) -> None:
    """The mail is gone, the node goes on; after the restart it takes mail again."""
    assert single.works("delivery", 10.0)[0]
    with injected(single.fault("volume-wiped", "mail1", volume="store")):
        assert inbox(single) == []
        assert single.works("inbound")[0]


def test_a_stale_restore_forgets_what_came_after_the_copy(single: Arena) -> None:
    """Mail from before the copy is there, mail after it is not."""
    assert single.works("delivery", 10.0)[0]
    before = inbox(single)
    fault = single.fault("stale-restore", "mail1", age=4.0)
    assert fault.effect()[0] is False
    restoring = threading.Thread(target=fault.inject)
    restoring.start()
    copy = f"maildrill-{single.cluster.session}-mail1-copy-1"
    list_copy: Callable[[], str] = lambda: single.world.helper.with_volumes([copy], "ls /v/0")  # noqa: E731
    until("the copy of both volumes", lambda: ("1" in list_copy(), list_copy()))
    assert single.works("delivery", 3.0)[0]
    later = set(inbox(single)) - set(before)
    restoring.join(30)
    try:
        until("the effect", fault.effect)
        fault.inject()
    finally:
        fault.heal()
    fault.heal()
    until("recovery", fault.recovered, 30)
    after = inbox(single)
    assert later
    assert not later & set(after)
    assert set(before) <= set(after)


def test_corrupt_bytes_are_what_users_read(single: Arena) -> None:
    """Dovecot hands out the wrong bytes without a word; the right ones are back after healing."""
    assert single.works("delivery", 10.0)[0]
    there = single.shell("mail1", f"doveadm mailbox status -u {USER} messages INBOX").strip().rpartition("=")[2]
    read = f"doveadm fetch -u {USER} text mailbox INBOX 1:{there} | sha256sum"  # not what comes in meanwhile
    right = single.shell("mail1", read)
    everything = 1000  # the bytes of deleted mail are there too
    with injected(single.fault("corrupt-bytes", "mail1", volume="store", count=everything)):
        assert single.shell("mail1", read) != right
    assert single.shell("mail1", read) == right


@pytest.mark.parametrize("format", ["mdbox", "sdbox", "maildir"])
@pytest.mark.parametrize(
    ("fsync", "kind", "kept"),
    [("optimized", "power-loss", TRIES), ("never", "power-loss", 0), ("never", "kill", TRIES)],
)
def test_power_loss_tells_what_was_fsynced(format: str, fsync: str, kind: str, kept: int) -> None:
    """Of messages delivered and seen, all are kept with fsync, none without; a mere kill loses none of either."""
    model = load_cluster("postfix-dovecot-single")
    settings = {"format": format, "mail_fsync": fsync, "remove_stale_locks": True}
    mail1 = model.nodes["mail1"].model_copy(update={"settings": settings})
    with running(model.model_copy(update={"nodes": model.nodes | {"mail1": mail1}}), disks=["mail1"]) as arena:
        for _ in range(TRIES):
            assert arena.works("delivery", 5.0)[0]
        assert len(inbox(arena)) == TRIES
        before = set(inbox(arena))
        only = {"volume": "store"} if kind == "power-loss" else {}  # else the queue gives back what it had forgotten
        with injected(arena.fault(kind, "mail1", **only)):
            pass
        until("delivery", lambda: arena.works("delivery"), 30)  # mdbox refuses the first one after a replay
        left = before & set(inbox(arena))
        print(f"{format} {fsync} {kind}: {TRIES} acknowledged, {TRIES - len(left)} lost")
        assert len(left) == kept


@pytest.mark.parametrize(("fsync", "lost"), [("real", False), ("ignored", True)])
def test_power_loss_of_a_queue(fsync: str, lost: bool) -> None:
    """Messages accepted while the store is off wait in Postfix's queue: fsync decides whether they live."""
    model = load_cluster("postfix-dovecot-single")
    mail1 = model.nodes["mail1"].model_copy(update={"settings": {"fsync": fsync}})
    queue = "cd /var/spool/postfix; grep -raho 'X-Maildrill-Id: [a-z0-9-]*' active incoming deferred"
    with running(model.model_copy(update={"nodes": model.nodes | {"mail1": mail1}}), disks=["mail1"]) as arena:
        assert arena.works("delivery", 10.0)[0]
        arena.shell("mail1", "doveadm stop")
        for _ in range(TRIES):
            assert arena.works("inbound", 5.0)[0]
        held = set(re.findall(r"[a-z0-9]+-t-\d+", arena.shell("mail1", queue)))
        with injected(arena.fault("power-loss", "mail1")):
            pass
        until("delivery", lambda: arena.works("delivery"), 30)
        found = set(re.findall(r"[a-z0-9]+-t-\d+", arena.shell("mail1", queue))) | set(inbox(arena))
        print(f"queue, fsync {fsync}: {len(held)} acknowledged, {len(held - found)} lost")
        assert len(held) == TRIES
        assert bool(held - found) is lost
