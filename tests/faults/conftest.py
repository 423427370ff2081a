"""The arenas: one running cluster per kind of cluster for all tests of faults; each test heals what it breaks."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from arena import Arena, make_arena
from examples import Record


@pytest.fixture(scope="session")
def ha() -> Iterator[Arena]:
    """The HA cluster."""
    yield from make_arena("postfix-dovecot-ha")


@pytest.fixture(scope="session")
def single() -> Iterator[Arena]:
    """The single-server cluster."""
    yield from make_arena("postfix-dovecot-single")


@pytest.fixture(scope="module")
def crowded() -> Iterator[Arena]:
    """A single-server cluster for attacks that leave thousands of messages behind."""
    yield from make_arena("postfix-dovecot-single")


@pytest.fixture(scope="session")
def opensmtpd() -> Iterator[Arena]:
    """The HA cluster with OpenSMTPD."""
    yield from make_arena("opensmtpd-dovecot")


@pytest.fixture(scope="session")
def clocked() -> Iterator[Arena]:
    """The single-server cluster, its server with a clock of its own."""
    yield from make_arena("postfix-dovecot-single", clocks=["mail1"])


@pytest.fixture(scope="session")
def quota(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """The single-server cluster with a quota of 1 MB for each mailbox."""
    path = tmp_path_factory.mktemp("clusters") / "quota.yaml"
    path.write_text("cluster: quota\nextends: postfix-dovecot-single\nnodes: {mail1: {settings: {quota: 1M}}}\n")
    yield from make_arena(path)


@pytest.fixture(scope="session")
def record() -> Iterator[Record]:
    """Collects measured times; MAILDRILL_RECORD_TIMES=FILE writes them there, into what is there already."""
    record = Record()
    yield record
    file = os.environ.get("MAILDRILL_RECORD_TIMES")
    if file and record.times:
        path = Path(file)
        known = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps(known | record.times, indent=2, sort_keys=True) + "\n")


@pytest.fixture(scope="session")
def disks() -> Iterator[Arena]:
    """The single-server cluster, with disks of its own."""
    yield from make_arena("postfix-dovecot-single", disks=["mail1"])
