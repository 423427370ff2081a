"""Custody of disks: nothing is left of a killed drill, of a dead session, and a live one is not touched."""

from __future__ import annotations

import os
import re
import secrets
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_drill import REAPED_WITHIN_S, journal_with, maildrill, wait_for

from maildrill.cluster.disks import DiskModel, Disks
from maildrill.cluster.engine import connect
from maildrill.cluster.images import ensure_images
from maildrill.cluster.node import labels
from maildrill.custody.guard import Guard
from maildrill.custody.sweep import leftovers, remove_session, sweep
from maildrill.faults.helper import Helper

SCENARIO = Path(__file__).with_name("short-io-errors.yaml")

pytestmark = pytest.mark.integration


def traces(session: str) -> list[str]:
    """Everything of a session: containers, volumes, networks, loop devices, and mounts where we can see them."""
    mounts = [f"mount {line}" for line in Path("/proc/mounts").read_text().splitlines() if session in line]
    return [one for one in leftovers(connect()) if session in one] + mounts


def test_after_sigkill_in_a_fault_of_disks_nothing_is_left(tmp_path: Path) -> None:
    """Containers, volumes, networks, loop devices, mounts: all gone 15 s after the harness was killed."""
    process = maildrill("run", str(SCENARIO), "--cluster", "postfix-dovecot-single", "--reports", str(tmp_path))
    effect = journal_with(tmp_path, '"state":"effective"')
    folder = wait_for("the fault's effect", lambda: process.poll() is not None or effect(), 90)
    assert process.poll() is None, process.communicate()[1]
    found = re.search(r'"id":"([0-9a-z]+)-', (folder / "journal.ndjson").read_text())
    assert found
    session = found[1]
    assert any(one.startswith("loop") for one in traces(session)), "there must be something to clean up"
    os.kill(process.pid, signal.SIGKILL)
    process.wait(timeout=10)
    killed = time.monotonic()
    wait_for("the reaper to remove everything", lambda: not traces(session), REAPED_WITHIN_S)
    print(f"clean {time.monotonic() - killed:.1f} s after SIGKILL")
    process.communicate()


@pytest.fixture
def session() -> Iterator[str]:
    """A session with a helper and one disk, mounted by a container; removed at the end."""
    name = secrets.token_hex(4)
    yield name
    assert remove_session(connect(), name) == []


def make_disk(session: str) -> None:
    """A helper, a disk and a container that mounts it."""
    client = connect()
    image = ensure_images(client, ["helper"])["helper"]
    helper = Helper(client, image, session)
    helper.start(disks=True)
    volume = f"maildrill-{session}-node-store"
    Disks(client, helper, {"node": DiskModel(size="16M")}).make("node", volume, labels(session))
    client.containers.run(
        image, ["sleep", "60"], detach=True, labels=labels(session), network_mode="none",
        volumes={volume: {"bind": "/srv", "mode": "rw"}},
    )  # fmt: skip


def test_a_dead_owners_disks_are_swept_and_said(session: str) -> None:
    """No reaper: the owner is dead. The next start removes all of it, and says what."""
    make_disk(session)
    removed = [one for one in sweep(connect()) if session in one]
    assert any(one.startswith("loop") for one in removed)
    assert traces(session) == []


def test_a_device_is_found_without_its_image_files(session: str) -> None:
    """Somebody removed everything by hand but the device, which keeps its deleted file alive."""
    make_disk(session)
    client = connect()
    filters = {"label": f"maildrill.session={session}"}
    for container in client.containers.list(all=True, filters=filters):
        container.remove(force=True)
    for volume in client.volumes.list(filters=filters):
        volume.remove()
    assert [one.split()[0] for one in traces(session)] == ["loop"]
    assert remove_session(client, session) == []


def test_a_live_owners_disks_are_left_alone(session: str) -> None:
    """A running reaper means a running drill."""
    client = connect()
    guard = Guard(client, ensure_images(client, ["helper"])["helper"], session, disks=True)
    make_disk(session)
    before = traces(session)
    assert not [one for one in sweep(client) if session in one]
    assert sorted(traces(session)) == sorted(before)
    assert remove_session(client, session) == []
    guard.release()
