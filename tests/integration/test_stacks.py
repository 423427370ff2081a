"""Every stack: up, ready, mail through every service, a ledger that adds up, down."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from maildrill.cluster.clusterfile import load_cluster
from maildrill.cluster.engine import connect
from maildrill.custody.sweep import leftovers
from maildrill.drill.phases import Drill
from maildrill.journal.reader import Journal, read_journal
from maildrill.measure.frames import load_frames
from maildrill.measure.measure import measure
from maildrill.scenario.model import SERVICES, Scenario

STACKS = (
    "postfix-dovecot-ha",
    "postfix-dovecot-single",
    "exim-dovecot",
    "opensmtpd-dovecot",
    "postfix-cyrus",
    "courier",
    "postfix-dovecot-filtered",
    "postfix-dovecot-ldap",
)
FLOW_S = 2.0
UNUSED = {"timeline": [{"at": 0, "fault": "kill", "target": {"role": "mx"}}], "objectives": {"lost": 0}}
SCENARIO = Scenario.model_validate({"scenario": "stack", "title": "No disaster", "drain": 8, **UNUSED})

pytestmark = [pytest.mark.integration, pytest.mark.stacks]


def carry_mail(stack: str, folder: Path) -> Drill:
    """Bring a stack up, let mail of every kind flow for a moment, take it down."""
    drill = Drill(SCENARIO, load_cluster(stack), folder, 1, lambda _: None)
    try:
        drill.up()
        link = drill.open_mail()
        drill.phase("baseline")
        link.send("offer")
        drill.linger(FLOW_S)
        drill.drain(link)
    finally:
        drill.down()
        drill.journal.close()
    return drill


def failures(journal: Journal) -> dict[str, int]:
    """How many probes of each service failed."""
    by_service = load_frames(journal.blocks())["probe"].group_by("service").agg((~pl.col("ok")).sum())
    return {str(service): failed for service, failed in by_service.iter_rows()}


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_carries_mail_through_every_service(stack: str, tmp_path: Path) -> None:
    """All five services answer, every message offered arrives unharmed, and nothing is left behind."""
    drill = carry_mail(stack, tmp_path)
    journal = read_journal(tmp_path / "journal.ndjson")
    assert failures(journal) == dict.fromkeys(SERVICES, 0)
    ledger = measure(journal, SCENARIO).ledger
    assert ledger.identity
    assert ledger.delivered == ledger.offered > 5
    assert {"inbound", "submission", "outbound"} <= set(ledger.by_stream)
    assert (ledger.corrupt, ledger.misdelivered) == (0, 0)
    assert leftovers(connect(), drill.session) == []
