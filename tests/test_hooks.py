"""Hooks of an attached system's owner, without containers: what they are told, what goes wrong, what is owed."""

from __future__ import annotations

import asyncio
import http.server
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from staging import ENVIRONMENT, model_of, pair

from maildrill.cluster.attached import AttachedCluster, FaultHooks, Hook, Http
from maildrill.cluster.confidential import read_secrets
from maildrill.cluster.node import RunningNode
from maildrill.custody.care import Care
from maildrill.drill.owner import LIST, HookFailed, OwnersHands
from maildrill.drill.person import await_person
from maildrill.drill.recovery import Recoveries
from maildrill.drill.timeline import Timeline
from maildrill.errors import BadInput, WaitTimeout
from maildrill.faults import KINDS, NoParameters, World
from maildrill.faults.hook import HookFault, fault_on
from maildrill.journal.writer import JournalWriter
from maildrill.measure.old_mail import SNAPSHOT
from maildrill.scenario.model import Command
from maildrill.traffic.mta import Mta


@pytest.fixture
def hands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OwnersHands:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    model = model_of(tmp_path)
    return OwnersHands(model, read_secrets(model), tmp_path, lambda _: None)


def never() -> bool:
    return False


def test_a_command_is_told_what_it_is_about_and_no_mail_password(hands: OwnersHands, tmp_path: Path) -> None:
    out = tmp_path / "out"
    hands.carry_out(Hook(run=f'env > {out}; echo "$MAILDRILL_NODE" >> {out}'), {"MAILDRILL_NODE": "mx1"}, never, False)
    told = out.read_text()
    assert told.endswith("mx1\n")
    assert "pass-one" not in told
    assert "DRILL_ONE" not in told


def test_a_command_that_fails_is_said_without_secrets(hands: OwnersHands) -> None:
    with pytest.raises(HookFailed) as failed:
        hands.carry_out(Hook(run="echo refused pass-two t0ken; exit 3"), {}, never, False)
    assert str(failed.value) == "exit code 3: refused *** ***"


def test_a_command_that_hangs_is_killed_with_its_children(hands: OwnersHands, tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(HookFailed, match=r"did not end within 0\.3 s"):
        hands.carry_out(Hook(run=f"sleep 60 & echo $! > {tmp_path / 'child'}; wait", deadline=0.3), {}, never, False)
    assert time.monotonic() - began < 5
    child = Path("/proc", (tmp_path / "child").read_text().strip(), "stat")
    while child.exists() and child.read_text().split()[2] != "Z":  # a zombie: nobody has collected it yet
        assert time.monotonic() - began < 10
        time.sleep(0.02)


@pytest.fixture
def api() -> Iterator[tuple[str, list[tuple[str, str, str, str]]]]:
    """An HTTP server: (its address, what it was asked); answers 204 to /on, else 503 with the caller's header."""
    asked: list[tuple[str, str, str, str]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            authorization = self.headers.get("Authorization") or ""
            asked.append((self.command, self.path, authorization, body))
            self.send_response(204 if self.path == "/on" else 503)
            self.end_headers()
            if self.path != "/on":
                self.wfile.write(f"no: {authorization}".encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def test_the_owners_restore_tells_the_age_of_its_snapshot(hands: OwnersHands, tmp_path: Path) -> None:
    model, said = model_of(tmp_path), "echo drill1 pass-one; echo restored, snapshot ab12 taken 2026-11-24T16:00:03Z"
    model.nodes["mx1"].allow_commands["restore"] = Hook(run=said)
    journal = JournalWriter(tmp_path / "journal.ndjson")
    steps = Recoveries(journal, lambda: 1.0, lambda _: None, None, tmp_path, hands)  # type: ignore[arg-type]
    steps.command("restore", Command(at=0, recover="command", target={"node": "mx1"}, run="restore"), mx1(model))  # type: ignore[arg-type]
    events = map(json.loads, (tmp_path / "journal.ndjson").read_text().splitlines())
    *_, done = [event for event in events if event["e"] == "recovery"]
    taken = SNAPSHOT.search(done["detail"])
    assert (done["state"], taken and taken["at"]) == ("done", "2026-11-24T16:00:03")
    assert "pass-one" not in done["detail"]


def call(url: str, **more: Any) -> Hook:
    return Hook(http=Http(url=url, headers={"Authorization": "Bearer ${POWER_TOKEN}"}, **more))


def test_an_http_call_takes_its_secret_from_the_environment(hands: OwnersHands, api: Any) -> None:
    url, asked = api
    hands.carry_out(call(f"{url}/on", body="state=on"), {}, never, False)
    assert asked == [("POST", "/on", "Bearer t0ken", "state=on")]


def test_an_http_call_succeeds_with_the_expected_status_only(hands: OwnersHands, api: Any) -> None:
    url, _ = api
    with pytest.raises(HookFailed) as failed:
        hands.carry_out(call(f"{url}/off"), {}, never, False)
    assert "status 503, not 2xx" in str(failed.value)
    assert "t0ken" not in str(failed.value)
    hands.carry_out(call(f"{url}/off", expect="503"), {}, never, False)
    with pytest.raises(HookFailed, match="not 200"):
        hands.carry_out(call(f"{url}/on", expect="200"), {}, never, False)


def test_a_person_is_not_waited_for_once_it_is_seen(tmp_path: Path) -> None:
    looks = iter((False, False, True))
    said = await_person(tmp_path / "confirm", 10.0, threading.Event(), lambda: next(looks))
    assert said == "seen from outside"
    with pytest.raises(WaitTimeout):
        await_person(tmp_path / "confirm", 0.3, threading.Event(), never)


def mx1(model: AttachedCluster) -> RunningNode:
    """The node as it is attached to."""
    allowed = model.nodes["mx1"]
    return RunningNode("mx1", ["mx"], None, None, "mx1.example.test", [], {}, [(25, "smtp")], attached=allowed)


def a_fault(hands: OwnersHands, model: AttachedCluster, kind: str, look: Callable[..., tuple[bool, str]]) -> HookFault:
    """A fault on mx1; ``look`` says whether it answers."""
    world = World(look, None, None, None, SimpleNamespace(model=model), owner=hands)  # type: ignore[arg-type]
    fault = fault_on(KINDS[kind], world, mx1(model), 1, [], NoParameters())
    assert isinstance(fault, HookFault)
    return fault


def test_a_fault_is_named_and_proven_as_the_kind_it_stands_for(hands: OwnersHands, tmp_path: Path) -> None:
    fault = a_fault(hands, model_of(tmp_path), "kill", lambda *_, **__: (False, "refused"))
    assert fault.kind == "kill"
    assert "" not in KINDS
    assert fault.effect()[0]
    with pytest.raises(BadInput, match="not allowed"):
        a_fault(hands, model_of(tmp_path), "stop", lambda *_, **__: (False, "refused")).inject()


def test_what_must_be_undone_is_on_the_disk_until_it_is_proven(hands: OwnersHands, tmp_path: Path) -> None:
    up = False
    fault = a_fault(hands, model_of(tmp_path), "kill", lambda *_, **__: (up, "looked"))
    owed = tmp_path / LIST
    fault.inject()
    assert "POST https://power.test/mx1/on" in owed.read_text()
    assert "t0ken" not in owed.read_text()
    assert not fault.recovered()[0]
    assert hands.owed() == ["kill on mx1 (fault 1)"]
    up = True
    assert fault.recovered()[0]
    assert not owed.exists()
    assert hands.owed() == []


def test_the_list_of_what_is_owed_can_be_run_as_it_stands(hands: OwnersHands, tmp_path: Path) -> None:
    hook = Hook(run=f"echo \"$MAILDRILL_NODE is 'back'\" > {tmp_path / 'healed'}")
    hands.owe("kill on mx 1", hook, {"MAILDRILL_NODE": "mx 1"})
    assert os.system(f"sh {tmp_path / LIST}") == 0
    assert (tmp_path / "healed").read_text() == "mx 1 is 'back'\n"


def test_strangers_write_to_the_named_inbound_host() -> None:
    class Names:
        async def addresses(self, name: str) -> list[str]:
            return [f"address of {name}"]

        async def exchanges(self, domain: str) -> list[str]:
            return [f"exchange of {domain}"]

    there = Mta(None, Names(), 25, "in.example.test")  # type: ignore[arg-type]
    by_dns = Mta(None, Names(), 25)  # type: ignore[arg-type]
    assert asyncio.run(there._exchanges("example.test")) == ["address of in.example.test"]
    assert asyncio.run(by_dns._exchanges("example.test")) == ["exchange of example.test"]


def test_what_a_person_breaks_stays_broken_for_as_long_as_the_scenario_says(hands: OwnersHands, tmp_path: Path) -> None:
    """The person needs a second to pull the plug: the 0.6 s begin then, and only after them the plug is asked for."""
    scenario, model = pair(tmp_path, fault="freeze", duration="0.6s")
    assert isinstance(model, AttachedCluster)
    plug, said = SimpleNamespace(out=False), []

    def person(text: str) -> None:
        said.append(text)
        if "PLEASE: unplug" in text:
            threading.Timer(1.0, lambda: setattr(plug, "out", True)).start()
        if "PLEASE: plug" in text:
            plug.out = False

    owner = OwnersHands(model, ENVIRONMENT, tmp_path, person)
    journal, began = JournalWriter(tmp_path / "journal.ndjson"), time.monotonic()
    care = Care(journal, lambda: time.monotonic() - began, lambda _: None)
    world = World(lambda *_, **__: (not plug.out, "looked"), None, None, None, None, owner=owner)  # type: ignore[arg-type]
    recoveries = Recoveries(journal, lambda: time.monotonic() - began, lambda _: None, care, tmp_path)
    Timeline(scenario, {"mx1": mx1(model)}, world, care, recoveries, None, 1).run(lambda: None)  # type: ignore[arg-type]
    events = map(json.loads, (tmp_path / "journal.ndjson").read_text().splitlines())
    at = {event["state"]: event["t"] for event in events if event["e"] == "fault"}
    assert 1.0 <= at["effective"] < 3.0
    assert 0.5 <= at["heal-requested"] - at["effective"] < 1.5
    assert at["heal-verified"] > at["heal-requested"]
    assert owner.owed() == []


def test_what_nobody_saw_broken_is_not_seen_to_be_well(hands: OwnersHands, tmp_path: Path) -> None:
    """A person who was too late, or broke what no service shows, must say that it is undone."""
    model, answers = model_of(tmp_path), True
    by_hand = FaultHooks(inject=Hook(ask="unplug"), heal=Hook(ask="plug it in", deadline=0.9))
    model.nodes["mx1"].allow["kill"] = by_hand
    fault = a_fault(hands, model, "kill", lambda *_, **__: (answers, "looked"))
    hands.owe("kill on mx1 (fault 1)", by_hand.heal, {})
    with pytest.raises(WaitTimeout):
        fault.heal()
    assert hands.owed()
    answers = False
    assert fault.effect()[0]
    answers = True
    fault.heal()
    assert hands.owed() == []
