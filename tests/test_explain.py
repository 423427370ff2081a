"""The story behind a number, and measuring an old folder again."""

from __future__ import annotations

import json
import random
import zlib
from pathlib import Path

import pytest
from histories import sealed
from planted_drill import BOX, census, frame_of_drill, message, scenario

from maildrill import cli
from maildrill.journal.event import Event
from maildrill.journal.events import Copy, Held
from maildrill.journal.reader import Journal
from maildrill.measure.explain import explain
from maildrill.measure.measure import measure_with_tables
from maildrill.report.difference import difference

SCENARIO = """\
scenario: planted
title: Planted
timeline: [{at: 0, fault: kill, target: {role: mx}}]
objectives: {inbound: {rto: 5s}, lost: 0}
"""


def events() -> list[Event]:
    mail = [
        *message("m1", "broken", "accepted"), Copy(8.0, "m1", BOX[0], 1, 1, "h"), *message("m2", "accepted"),
        Held(20.0, "mx1", "queue", "running", "", ["m2", "m9"]), *message("m3", "accepted"), *message("m4", "accepted"),
        Held(45.0, "mx1", "queue", "dead", "", ["m4"]),
    ]  # fmt: skip
    planted = [*frame_of_drill(), *mail, *census({BOX[0]: ["m1", "m3", "m3"]})]
    return sorted(planted, key=lambda event: event.t)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "scenario.yaml").write_text(SCENARIO)
    (tmp_path / "journal.ndjson").write_bytes(sealed(events(), random.Random(1)))
    return tmp_path


def story(folder: Path, what: str, capsys: pytest.CaptureFixture[str]) -> dict[str, list[dict[str, object]]]:
    assert cli.run(["explain", str(folder), what, "--json"]) == 0
    found: dict[str, list[dict[str, object]]] = json.loads(capsys.readouterr().out)
    return found


def test_a_lost_message_from_offer_to_census(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = story(folder, "m2", capsys)
    assert [event["e"] for event in told["events"]] == ["offer", "attempt", "held", "census"]
    assert told["events"][2] == {"e": "held", "t": 20.0, "node": "mx1", "volume": "queue", "state": "running",
                                 "error": "", "copies": 1, "of": 2}  # fmt: skip
    assert told["events"][3]["copies"] == 0
    assert told["conclusions"][-1].startswith("class lost: acknowledged; then no copy")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("told_of", "why"),
    [
        ([*message("m5", "accepted"), Held(45.0, "st1", "store", "running", "", ["m5"])], "only on the disk of a run"),
        (message("m5", "accepted", t=40.5), "it was still under way when the last look began"),
    ],
)
def test_a_missing_message_tells_the_reason_of_its_class(told_of: list[Event], why: str) -> None:
    data = "".join(event.line() + "\n" for event in [*frame_of_drill(), *told_of, *census({})]).encode()
    journal = Journal(True, len(data), "", data)
    told = explain(measure_with_tables(journal, scenario()), journal, "m5")
    assert why in told.conclusions[-1]


def test_a_delivered_message_tells_its_tries_and_copies(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = story(folder, "m1", capsys)
    assert [event["e"] for event in told["events"]] == ["offer", "attempt", "attempt", "copy", "census"]
    assert "class delivered: 1 in the census of its mailbox" in told["conclusions"]


def test_a_service_tells_the_edges_of_its_outage(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = story(folder, "inbound", capsys)
    probes = [(event["t"], event["ok"]) for event in told["events"] if event["e"] == "probe"]
    assert probes == [(6.8, True), (6.9, True), (7.0, False), (7.1, False), (7.2, False),
                      (9.7, False), (9.8, False), (9.9, False), (10.0, True), (10.1, True)]  # fmt: skip
    assert [event["state"] for event in told["events"] if event["e"] == "fault"] == [
        "requested", "injected", "effective"]  # fmt: skip
    assert any("counted from kill k1 effective at 7.000000 s: 2.900000 to 3.050000 s" in c for c in told["conclusions"])


@pytest.mark.parametrize(("what", "ids"), [("lost", ["m2"]), ("held", ["m4"]), ("duplicates", ["m3"]), ("corrupt", [])])
def test_a_class_lists_its_ids(folder: Path, what: str, ids: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert story(folder, what, capsys)["ids"] == ids


def test_text_has_every_event_and_conclusion(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["explain", str(folder), "m2"]) == 0
    shown = capsys.readouterr().out
    assert "held      node=mx1 volume=queue state=running copies=1 of=2" in shown
    assert "=> class lost" in shown


@pytest.mark.parametrize(("what", "near"), [("m22", "m2"), ("inbond", "inbound"), ("losst", "lost")])
def test_what_is_not_there_gets_what_is_near(
    folder: Path, what: str, near: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["explain", str(folder), what]) == 2
    assert near in capsys.readouterr().err.partition("near: ")[2]


def test_measuring_again_is_the_same_byte_for_byte(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["measure", str(folder)]) == 1
    first = (folder / "result.json").read_bytes()
    capsys.readouterr()
    assert cli.run(["measure", str(folder)]) == 1
    assert (folder / "result.json").read_bytes() == first
    assert capsys.readouterr().err == ""


def test_measuring_an_older_result_again_says_what_differs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli.run(["measure", str(folder)])
    old = json.loads((folder / "result.json").read_text())
    old["maildrill_version"] = "0.0.1"
    old["services"]["inbound"]["rta_s"]["upper"] = 99.0
    del old["clean"]
    (folder / "result.json").write_text(json.dumps(old))
    capsys.readouterr()
    cli.run(["measure", str(folder)])
    said = capsys.readouterr().err
    assert "result.json was by maildrill 0.0.1" in said
    assert "2 fields differ" in said
    assert "services.inbound.rta_s.upper: 99.0 -> 3.05" in said
    assert "clean: absent -> true" in said


def test_a_result_altered_by_hand_is_noticed() -> None:
    said = difference('{"maildrill_version": "1", "lost": 0}\n', '{"maildrill_version": "1", "lost": 3}\n')
    assert "differs though it is by maildrill 1 as well" in said
    assert "lost: 0 -> 3" in said


def test_a_journal_of_a_later_version_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    later = (folder / "journal.ndjson").read_bytes().splitlines()[0].replace(b'"version":1', b'"version":99') + b"\n"
    seal = f'{{"e":"seal","lines":1,"crc":"{zlib.crc32(later):08x}"}}\n'.encode()
    (folder / "journal.ndjson").write_bytes(later + seal)
    assert cli.run(["measure", str(folder)]) == 2
    assert "the journal has version 99" in capsys.readouterr().err


def test_a_sealed_line_that_is_no_event_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = b'{"e":"probe","t":nonsense\n'
    seal = f'{{"e":"seal","lines":1,"crc":"{zlib.crc32(body):08x}"}}\n'.encode()
    (folder / "journal.ndjson").write_bytes(body + seal)
    assert cli.run(["measure", str(folder)]) == 2
    assert "journal.ndjson: line 1: not JSON" in capsys.readouterr().err
