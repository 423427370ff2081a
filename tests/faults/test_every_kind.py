"""Every kind of fault, whatever it is: a sabotaged injector is seen, and a whole one is proven and verified healed."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from examples import Record, example

from maildrill.custody.care import Care
from maildrill.faults import KINDS
from maildrill.faults import fault as fault_module
from maildrill.journal.writer import JournalWriter

pytestmark = [pytest.mark.integration, pytest.mark.faults]


def events_of(folder: Path) -> list[dict[str, Any]]:
    """What custody wrote down."""
    return [
        event for event in map(json.loads, (folder / "journal.ndjson").read_text().splitlines()) if "state" in event
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_an_injector_that_does_nothing_is_seen(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a healthy cluster no effect is seen, and custody says so; healing what was never broken is harmless."""
    fault = example(request, kind)
    monkeypatch.setattr(fault_module, "PROOF_DEADLINE_S", 1.0)
    monkeypatch.setattr(fault, "inject", lambda: None)
    care = Care(JournalWriter(tmp_path / "journal.ndjson"), time.monotonic, lambda _: None)
    care.inject("sabotaged", fault)
    assert [event["state"] for event in events_of(tmp_path)] == ["requested", "injected", "not-effective"]
    assert care.heal("sabotaged"), events_of(tmp_path)[-1]


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_proven_and_verified_healed(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, record: Record
) -> None:
    """The whole life, under custody as in a drill."""
    fault = example(request, kind)
    care = Care(JournalWriter(tmp_path / "journal.ndjson"), time.monotonic, lambda _: None)
    care.inject("whole", fault)
    healed = care.heal("whole")
    events = events_of(tmp_path)
    assert healed, events[-1]
    assert [event["state"] for event in events] == [
        "requested", "injected", "effective", "heal-requested", "healed", "heal-verified"
    ], events  # fmt: skip
    record.add(kind, events)
