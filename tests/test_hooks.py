"""Attached systems without containers: what a file may say, what is refused, hooks, what is owed."""

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

from maildrill import cli
from maildrill.catalogue import data_dir, load_pair
from maildrill.cluster.attached import AttachedCluster, Hook, Http, read_secrets
from maildrill.cluster.model import load_any_cluster, load_cluster
from maildrill.cluster.up import RunningCluster, RunningNode
from maildrill.commands.up import write_attached
from maildrill.custody.care import Care
from maildrill.drill.owner import LIST, HookFailed, OwnersHands
from maildrill.drill.person import await_person, check_somebody_is_there
from maildrill.drill.recovery import Recoveries
from maildrill.drill.timeline import Timeline
from maildrill.errors import BadInput, Skipped, WaitTimeout
from maildrill.faults import KINDS, NoParameters, World
from maildrill.faults.hook import HookFault, fault_on
from maildrill.journal.writer import JournalWriter
from maildrill.permission import asked_of_people
from maildrill.traffic.mta import Mta

CLUSTER = """\
cluster: staging
attached: true
domain: example.test
submission: {host: smtp.example.test, port: 587}
imap: {host: imap.example.test, port: 993}
accounts:
  - {address: drill1@example.test, password_env: DRILL_ONE}
  - {address: drill2@example.test, password_env: DRILL_TWO}
nodes:
  mx1:
    roles: [mx]
    host: mx1.example.test
    checks: {25: smtp}
    allow:
      kill:
        inject: {run: echo off}
        heal: {http: {url: "https://power.test/mx1/on", headers: {Authorization: "Bearer ${POWER_TOKEN}"}}}
      freeze:
        inject: {ask: unplug mx1, deadline: 5m}
        heal: {ask: plug mx1 in, deadline: 5m}
    allow_commands:
      rndc reload: {run: ssh dns1 rndc reload}
"""
SCENARIO = """\
scenario: one
title: One
timeline:
  - {at: 0s, fault: FAULT, target: {role: mx}, for: 5s}
objectives: {lost: 0}
"""
ENVIRONMENT = {"DRILL_ONE": "pass-one", "DRILL_TWO": "pass-two", "POWER_TOKEN": "t0ken"}


def write(folder: Path, fault: str = "kill", cluster: str = CLUSTER, duration: str = "5s") -> tuple[Path, Path]:
    """A scenario and a cluster file."""
    paths = folder / "one.yaml", folder / "staging.yaml"
    paths[0].write_text(SCENARIO.replace("FAULT", fault).replace("5s", duration))
    paths[1].write_text(cluster)
    return paths


def model_of(folder: Path) -> AttachedCluster:
    model = load_any_cluster(str(write(folder)[1]))
    assert isinstance(model, AttachedCluster)
    return model


def refused(folder: Path, **files: str) -> str:
    """What is said about a pair of files that do not go together."""
    scenario, cluster = write(folder, **files)
    with pytest.raises(BadInput) as error:
        load_pair(scenario, str(cluster))
    return str(error.value)


def test_an_allowed_fault_is_accepted(tmp_path: Path) -> None:
    scenario, cluster = write(tmp_path)
    _, model = load_pair(scenario, str(cluster))
    assert isinstance(model, AttachedCluster)


def test_a_fault_that_is_not_allowed_is_refused_with_both_places(tmp_path: Path) -> None:
    said = refused(tmp_path, fault="stop")
    assert f"{tmp_path / 'one.yaml'}:4:21" in said
    assert f"{tmp_path / 'staging.yaml'}:15:7 allows kill, freeze" in said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "timeline:",
            "timeline:\n  - {at: 1s, recover: command, target: {role: mx}, run: reboot}",
            "allows rndc reload",
        ),
        ("{role: mx}", "{role: mx, holds: user1}", "not looked into"),
        ("{lost: 0}", "{outbound: {rto: 5s}}", "outbound mail is not read"),
        ("objectives:", "stop: [{run: 'true', target: {role: mx}}]\nobjectives:", "no command is run"),
    ],
)
def test_what_cannot_be_done_to_a_system_that_is_not_ours(tmp_path: Path, old: str, new: str, said: str) -> None:
    scenario, cluster = write(tmp_path)
    scenario.write_text(scenario.read_text().replace(old, new))
    with pytest.raises(BadInput, match=said):
        load_pair(scenario, str(cluster))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{run: echo off}", "{run: echo off, ask: somebody}", "staging.yaml:16:17: .*exactly one of run, http, ask"),
        ("drill2@example.test", "drill2@elsewhere.test", "staging.yaml:8:.*not in the domain"),
        ("roles: [mx]", "roles: [mx]\n    site: north", "no site"),
        ("attached: true", "attached: false", "attached"),
        ("domain: example.test", "domain: example.test\nca: none.pem", "staging.yaml:4:.*cannot be read"),
        ("domain: example.test", "domain: example.test\nvantage: {address: 10.0.0.9}", "no fixed addresses"),
    ],
)
def test_mistakes_in_the_file_are_said_with_their_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        load_any_cluster(str(write(tmp_path, cluster=CLUSTER.replace(old, new))[1]))


def test_where_a_cluster_must_be_started_an_attached_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="runs already"):
        load_cluster(str(write(tmp_path)[1]))


def test_every_missing_variable_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything starts: no folder, no engine."""
    monkeypatch.setenv("DRILL_TWO", "there")
    scenario, cluster = write(tmp_path)
    code = cli.run(["run", str(scenario), "--cluster", str(cluster), "--reports", str(tmp_path / "reports")])
    assert code == 2
    assert "DRILL_ONE, POWER_TOKEN" in capsys.readouterr().err
    assert not (tmp_path / "reports").exists()


def test_a_hook_that_asks_a_person_needs_a_terminal(tmp_path: Path) -> None:
    scenario, model = load_pair(*map(str_or_path, write(tmp_path, fault="freeze")))
    assert isinstance(model, AttachedCluster)
    with pytest.raises(Skipped, match=r"unplug mx1.*no terminal"):
        check_somebody_is_there(scenario, asked_of_people(scenario, model))
    other, _ = load_pair(*map(str_or_path, write(tmp_path, fault="kill")))
    check_somebody_is_there(other, asked_of_people(other, model))


def str_or_path(path: Path) -> Any:
    """load_pair takes the scenario as a path and the cluster as text."""
    return path if path.name == "one.yaml" else str(path)


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


def test_the_file_that_up_writes_can_be_attached_to_and_holds_no_password(tmp_path: Path) -> None:
    model, accounts = load_cluster("postfix-dovecot-single"), [("user1@example.test", "pass-one")]
    containers = {name: SimpleNamespace(name=f"maildrill-ab12-{name}") for name in model.nodes}
    nodes = {
        name: RunningNode(name, node.roles, None, containers[name], "10.0.0.9", [], {}, [(25, "smtp")])
        for name, node in model.nodes.items()
    }
    running = RunningCluster(
        model, "ab12", {"lan": "maildrill-ab12-lan"}, nodes, accounts, "certificate", "10.0.0.2", "mail.example.test",
        None, nodes["outside"], None,
    )  # fmt: skip
    file = tmp_path / "attached.yaml"
    write_attached(running, {"user1@example.test": ("MAILDRILL_PASSWORD_1", "pass-one")}, file)
    attached = load_any_cluster(str(file))
    assert isinstance(attached, AttachedCluster)
    assert set(attached.nodes) == set(model.nodes) - {"outside"}
    assert attached.nodes["mail1"].allow["kill"].inject.run == "docker kill maildrill-ab12-mail1"
    assert attached.ca_pem(default="") == "certificate"
    assert attached.accounts[0].password_env == "MAILDRILL_PASSWORD_1"
    assert not [path for path in tmp_path.iterdir() if "pass-one" in path.read_text()]


def test_the_example_is_a_valid_file() -> None:
    model = load_any_cluster(str(data_dir() / "fixtures" / "clusters" / "examples" / "attached.yaml"))
    assert isinstance(model, AttachedCluster)
    assert {kind for node in model.nodes.values() for kind in node.allow} <= set(KINDS)


def test_a_file_cannot_allow_a_fault_that_is_none(tmp_path: Path) -> None:
    said = refused(tmp_path, cluster=CLUSTER.replace("      freeze:", "      freese:"))
    assert f"{tmp_path / 'staging.yaml'}:19:" in said
    assert 'did you mean "freeze"' in said


def test_a_drill_on_an_attached_system_can_be_had_on_paper(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scenario, cluster = write(tmp_path)
    assert cli.run(["run", str(scenario), "--cluster", str(cluster), "--dry-run"]) == 0
    assert "one on staging" in capsys.readouterr().out


def test_what_a_person_breaks_stays_broken_for_as_long_as_the_scenario_says(hands: OwnersHands, tmp_path: Path) -> None:
    """The person needs a second to pull the plug: the 0.6 s begin then, and only after them the plug is asked for."""
    scenario, model = load_pair(*map(str_or_path, write(tmp_path, fault="freeze", duration="0.6s")))
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
