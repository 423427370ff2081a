"""The arenas: one running cluster per kind of cluster for all tests of faults; each test heals what it breaks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from arena import Arena, make_arena


@pytest.fixture(scope="session")
def ha() -> Iterator[Arena]:
    """The HA cluster."""
    yield from make_arena("postfix-dovecot-ha")


@pytest.fixture(scope="session")
def single() -> Iterator[Arena]:
    """The single-server cluster."""
    yield from make_arena("postfix-dovecot-single")


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
def disks() -> Iterator[Arena]:
    """The single-server cluster, with disks of its own."""
    yield from make_arena("postfix-dovecot-single", disks=["mail1"])
