"""Two faults on one real node: they stack and unstack in any order."""

from __future__ import annotations

import itertools
import json
import time
from pathlib import Path

import pytest
from arena import Arena, until

from maildrill.custody.care import Care
from maildrill.journal.writer import JournalWriter

pytestmark = [pytest.mark.integration, pytest.mark.faults]
PAIRS = list(itertools.permutations(("kill", "freeze", "partition"), 2))


@pytest.mark.parametrize("same_order", [True, False], ids=["first-in-first-out", "last-in-first-out"])
@pytest.mark.parametrize("pair", PAIRS, ids="+".join)
def test_two_faults_on_one_node(ha: Arena, tmp_path: Path, pair: tuple[str, str], same_order: bool) -> None:
    """After the first heal the other fault is in force; after the second everything works and is verified."""
    faults = {kind: ha.fault(kind, "store1", ["mx1", "mx2"] if kind == "partition" else None) for kind in pair}
    care = Care(JournalWriter(tmp_path / "journal.ndjson"), time.monotonic, lambda _: None)
    order = pair if same_order else pair[::-1]
    for kind in pair:
        care.inject(kind, faults[kind])
    try:
        assert care.heal(order[0])
        until(f"{order[1]} in force", faults[order[1]].effect)
        assert care.heal(order[1])
    finally:
        for fault in faults.values():
            fault.heal()
    events = [
        event for event in map(json.loads, (tmp_path / "journal.ndjson").read_text().splitlines()) if "state" in event
    ]
    assert sorted(event["name"] for event in events if event["state"] == "heal-verified") == sorted(pair), events
    masked = {pair[1]} if pair[0] == "kill" else set()  # nothing can be done to a node that is dead
    never_applied = masked if order[0] in masked else set()
    assert {event["name"] for event in events if event["state"] == "masked"} == masked, events
    assert {event["name"] for event in events if event["state"] == "effective"} == set(pair) - never_applied, events
    until("mail", lambda: ha.works("delivery"), 30)
    until("mailboxes", lambda: ha.works("mailbox"), 30)
