"""A stack that one process started, and another one attaches to: the same drill, the same account of the mail."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from maildrill.cluster.engine import connect
from maildrill.custody.sweep import leftovers

SCENARIO = Path(__file__).with_name("short-mx-kill.yaml")
CLUSTER = "postfix-dovecot-single"
UP_S, DRILLS_S, DOWN_S = 90.0, 360.0, 60.0
APART_S = 1.0
"""Two drills, two containers started by different means: their recovery times differ by less than this."""

pytestmark = pytest.mark.integration


@dataclass
class Stack:
    """A cluster that another process keeps up. environment: what that process told us to export."""

    process: subprocess.Popen[str]
    file: Path
    said: dict[str, Any]

    @property
    def passwords(self) -> list[str]:
        return [account["password"] for account in self.said["accounts"]]

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {one["password_env"]: one["password"] for one in self.said["accounts"]}

    def run(self, *arguments: str, cluster: Path | None = None) -> subprocess.Popen[str]:
        """A drill in a process of its own, attached to the stack."""
        command = ["run", *arguments, "--cluster", str(cluster or self.file)]
        return maildrill(*command, environment=self.environment)

    def running(self, node: str) -> bool:
        return bool(connect().containers.get(self.said["nodes"][node]["container"]).status == "running")


def maildrill(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """The command, as a user would start it; nobody sits at a terminal."""
    command = [sys.executable, "-m", "maildrill.cli", *arguments]
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """`maildrill up` in another process; nothing of it is left at the end."""
    file = tmp_path_factory.mktemp("up") / "attached.yaml"
    process = maildrill("up", CLUSTER, "--json", "--attached", str(file))
    assert process.stdout is not None
    lines: list[str] = []
    too_long = threading.Timer(UP_S, process.kill)
    too_long.start()
    for line in process.stdout:  # ends with the JSON document, or with the process
        lines.append(line)
        if line == "}\n":
            break
    too_long.cancel()
    assert lines[-1:] == ["}\n"], process.communicate()[1]
    stack = Stack(process, file, json.loads("".join(lines)))
    yield stack
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=DOWN_S)
    assert process.returncode == 0
    assert leftovers(connect(), stack.said["session"]) == []


def finished(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    try:
        out, err = process.communicate(timeout=DRILLS_S)
    finally:
        process.kill()
    return process.returncode, out, err


def files_with(text: str, *folders: Path) -> list[str]:
    """Every file below these folders that holds a text."""
    found = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert found
    return [str(path) for path in found if text.encode() in path.read_bytes()]


@pytest.fixture(scope="module")
def reports(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The short kill of the only MX, on a stack of our own and on the attached one, compared; again if inconclusive."""
    folder = tmp_path_factory.mktemp("reports")
    both = ("--cluster", CLUSTER, "--cluster", str(stack.file), "--scenarios", str(SCENARIO))
    how = ("--repeat", "1", "--reruns", "1", "--reports", str(folder))
    code, _, err = finished(maildrill("compare", *both, *how, environment=stack.environment))
    assert code == 0, err
    return folder


def conclusive(reports: Path, cluster: str) -> dict[str, Any]:
    """What the comparison's drill on a cluster measured."""
    found = [json.loads(path.read_text()) for path in reports.glob("compare-*/*/*/result.json")]
    told = [one for one in found if one["cluster"] == cluster and one["verdict"] != "inconclusive"]
    assert told, [one["diagnostics"] for one in found]
    return told[0]


def test_the_attached_stack_is_measured_as_the_started_one(reports: Path) -> None:
    attached, started = conclusive(reports, f"{CLUSTER}-attached"), conclusive(reports, CLUSTER)
    assert attached["verdict"] == started["verdict"], attached["diagnostics"]
    codes = [{one["code"] for one in result["diagnostics"]} for result in (attached, started)]
    assert codes[0] == codes[1], attached["diagnostics"]
    assert attached["ledger"]["identity"] is True
    for count in ("lost", "held", "bounced", "refused_permanent", "unresolved"):
        assert attached["ledger"][count] == started["ledger"][count] == 0
    assert attached["ledger"]["delivered"] == pytest.approx(started["ledger"]["delivered"], rel=0.1)
    assert set(attached["ledger"]["by_stream"]) == set(started["ledger"]["by_stream"])
    for name, service in started["services"].items():
        here, there = attached["services"][name]["rta_s"], service["rta_s"]
        assert here["lower"] <= there["upper"] + APART_S, name
        assert there["lower"] <= here["upper"] + APART_S, name
    assert attached["clean"] is True
    assert any(text.startswith("queues:") for text in attached["not_measured"])
    assert started["not_measured"] == []


def test_no_password_is_in_a_file(stack: Stack, reports: Path) -> None:
    for password in stack.passwords:
        assert files_with(password, reports, stack.file.parent) == []


def test_only_ours_is_removed(stack: Stack, reports: Path) -> None:
    """The stack is up, healed, and nothing but the stack is left."""
    assert all(stack.running(node) for node in stack.said["nodes"])
    journals = [path.read_text() for path in reports.glob("compare-*/*/*/journal.ndjson")]
    vantages = re.findall(r"maildrill-([0-9a-f]+)-vantage", "".join(journals))
    assert vantages
    assert all(leftovers(connect(), vantage) == [] for vantage in vantages)
    assert list(reports.rglob("to-heal")) == []


def test_a_fault_that_the_file_does_not_allow_is_refused(stack: Stack, tmp_path: Path) -> None:
    scenario = tmp_path / "loss.yaml"
    scenario.write_text(SCENARIO.read_text().replace("fault: kill", "fault: volume-loss"))
    code, _, err = finished(stack.run(str(scenario), "--reports", str(tmp_path / "reports")))
    assert code == 2
    assert "allows kill, stop, freeze" in err
    assert str(stack.file) in err
    assert not (tmp_path / "reports").exists()


def test_ctrl_c_heals_what_the_owner_broke(stack: Stack, tmp_path: Path) -> None:
    process = stack.run(str(SCENARIO), "--reports", str(tmp_path))
    until = time.monotonic() + UP_S
    while not any('"state":"effective"' in path.read_text() for path in tmp_path.glob("*/journal.ndjson")):
        assert time.monotonic() < until, "the fault's effect was never seen"
        time.sleep(0.1)
    assert not stack.running("mail1")
    assert list(tmp_path.rglob("to-heal"))
    process.send_signal(signal.SIGINT)
    assert finished(process)[0] == 130
    assert stack.running("mail1")
    assert list(tmp_path.rglob("to-heal")) == []


def test_a_person_cannot_be_asked_without_a_terminal(stack: Stack, tmp_path: Path) -> None:
    content = YAML(typ="safe").load(stack.file)
    content["ca"] = str(stack.file.parent / content["ca"])
    for node in content["nodes"].values():
        node["allow"]["kill"]["inject"] = {"ask": "pull the plug of the server now"}
    file = tmp_path / "asks.yaml"
    with file.open("w") as stream:
        YAML(typ="safe").dump(content, stream)
    code, _, err = finished(stack.run(str(SCENARIO), "--reports", str(tmp_path / "reports"), cluster=file))
    assert code == 4
    assert "pull the plug of the server now" in err
    assert "no terminal" in err
    assert not (tmp_path / "reports").exists()
