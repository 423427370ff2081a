"""The backup cluster's promises: what its own credentials can delete, and that backups are verified on schedule."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from maildrill.cluster.clusterfile import load_cluster
from maildrill.drill.phases import Drill
from maildrill.drill.recovery import run_in
from maildrill.scenario.model import Scenario

VERIFIED_S = 90.0
DELETED, FORBIDDEN = 0, 3
UNUSED = {"timeline": [{"at": 0, "fault": "kill", "target": {"node": "mail1"}}], "objectives": {"lost": 0}}
SCENARIO = Scenario.model_validate({"scenario": "backups", "title": "No disaster", **UNUSED})

pytestmark = [pytest.mark.integration, pytest.mark.stacks]


@pytest.fixture(scope="module")
def mail1(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """The mail host of a running cluster that takes backups."""
    folder: Path = tmp_path_factory.mktemp("backups")
    drill = Drill(SCENARIO, load_cluster("postfix-dovecot-backup"), folder, 1, lambda _: None)
    try:
        drill.up()
        assert drill.cluster is not None
        yield drill.cluster.nodes["mail1"]
    finally:
        drill.down()
        drill.journal.close()


@pytest.mark.parametrize("repository", ["local", "offsite", "vault"])
def test_every_repository_is_verified_on_schedule(mail1: object, repository: str) -> None:
    """Nobody asks; the outcome lies where a recovery step can see it."""
    wait = f"until cat /var/log/backup/{repository}; do sleep 0.5; done 2>/dev/null"
    _, said = run_in(mail1, wait, VERIFIED_S)
    assert said.startswith("0 20"), said
    assert f"GOOD: the newest snapshot of {repository} is" in said


@pytest.mark.parametrize(("repository", "code"), [("local", DELETED), ("offsite", DELETED), ("vault", FORBIDDEN)])
def test_the_mail_hosts_credentials_delete_snapshots_but_in_the_vault(
    mail1: object, repository: str, code: int
) -> None:
    """In the vault each of them is still there, and readable."""
    until = time.monotonic() + VERIFIED_S
    while run_in(mail1, f"sh /etc/maildrill/check-backup {repository}", 30.0)[0]:
        assert time.monotonic() < until, f"no good backup in {repository}"
    done, said = run_in(mail1, f"sh /etc/maildrill/delete-snapshots {repository}", 60.0)
    assert done == code, said
    if code == FORBIDDEN:
        assert "403 Forbidden" in said or "unable to remove" in said
        assert run_in(mail1, f"sh /etc/maildrill/check-backup {repository}", 60.0)[0] == 0


def test_a_restored_mailbox_has_each_message_once_though_some_were_read_since(mail1: object) -> None:
    """Reading renames a message: the snapshot's copy must not come back beside it. What was deleted comes back."""
    user = "user7@example.test"
    steps = [
        *(f"printf 'Subject: one of three {n}\\n\\nbody\\n' | doveadm save -u {user}" for n in (1, 2, 3)),
        "sh /etc/maildrill/backup local && date +%s > /tmp/taken",
        "until [ $(date +%s) -gt $(cat /tmp/taken) ]; do sleep 0.05; done",  # snapshots are told apart by the second
        f"doveadm flags add -u {user} '\\Seen' mailbox INBOX subject 'one of three 1'",
        f"doveadm expunge -u {user} mailbox INBOX subject 'one of three 2'",
        "OLDER=$(( $(date +%s) - $(cat /tmp/taken) )) sh /etc/maildrill/restore local user7",
    ]
    for step in steps:
        code, said = run_in(mail1, step, 60.0)
        assert code == 0, f"{step}: {said}"
    _, said = run_in(mail1, f"doveadm fetch -u {user} 'hdr.subject flags' mailbox INBOX subject 'one of three'", 30.0)
    subjects = sorted(line.split()[-1] for line in said.splitlines() if line.startswith("hdr.subject"))
    assert subjects == ["1", "2", "3"], said
    assert said.count("\\Seen") == 1, "it is still the one that was read"
