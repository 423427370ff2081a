"""Whole drills against real containers: the HA cluster survives, the control must not, nothing is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from maildrill.cluster.engine import connect
from maildrill.custody.sweep import leftovers
from maildrill.report.folder import measure_folder

SCENARIO = Path(__file__).with_name("short-mx-kill.yaml")
REAPED_WITHIN_S = 15.0

pytestmark = pytest.mark.integration


def maildrill(*arguments: str) -> subprocess.Popen[str]:
    """The command, as a user would start it."""
    command = [sys.executable, "-m", "maildrill.cli", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run(tmp_path: Path, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """Run the short scenario to its end: (exit code, result, what was said)."""
    process = maildrill("run", str(SCENARIO), "--json", "--reports", str(tmp_path), *arguments)
    out, err = process.communicate(timeout=180)
    assert out.strip().startswith("{"), err
    return process.returncode, json.loads(out), err


def wait_for(what: str, seen: Callable[[], Any], deadline: float) -> Any:
    """Poll until ``seen`` returns something; fails after ``deadline`` s and says what was awaited."""
    until = time.monotonic() + deadline
    while time.monotonic() < until:
        if found := seen():
            return found
        time.sleep(0.1)
    pytest.fail(f"waited {deadline} s for {what}")


def journal_with(tmp_path: Path, text: str) -> Callable[[], Path | None]:
    """A look for a drill folder under tmp_path whose journal holds ``text``."""

    def look() -> Path | None:
        return next((path.parent for path in tmp_path.glob("*/journal.ndjson") if text in path.read_text()), None)

    return look


def test_the_ha_cluster_keeps_the_mail_flowing(tmp_path: Path) -> None:
    """MX fallback: not one acknowledged message lost, inbound within its objective."""
    code, result, said = run(tmp_path)
    assert code == 0, json.dumps(result["diagnostics"]) + said
    assert result["verdict"] == "pass"
    assert result["ledger"]["identity"] is True
    assert result["ledger"]["lost"] == 0
    assert result["ledger"]["delivered"] > 20
    rta = result["services"]["inbound"]["rta_s"]
    assert rta["upper"] - rta["lower"] <= 0.25
    assert result["clean"] is True
    assert result["faults"][0]["effective_at"] is not None
    said = next(tmp_path.glob("*/logs/mx1.log")).read_text()  # killed, and started again
    assert "connect from unknown[" in said
    assert "connect from maildrill-" not in said, "the engine's resolver must not name the clients"


def test_the_control_fails_for_the_right_reason(tmp_path: Path) -> None:
    """On one server the same kill is an outage, and the diagnostic names the service."""
    code, result, said = run(tmp_path, "--cluster", "postfix-dovecot-single")
    assert code == 1, json.dumps(result["diagnostics"]) + said
    missed = [d["message"] for d in result["diagnostics"] if d["code"] == "OBJECTIVE_MISSED"]
    assert any("inbound" in message for message in missed)
    assert result["ledger"]["identity"] is True
    assert result["clean"] is True


def test_a_stop_condition_ends_the_drill_heals_and_says_why(tmp_path: Path) -> None:
    """No mail comes in for longer than the scenario allows: the rest of the disaster is not waited for."""
    scenario = tmp_path / "stops.yaml"
    stop = "stop:\n  - {probe: inbound, longer_than: 1s}\n"
    patient = SCENARIO.read_text().replace("for: 6s", "for: 60s").replace("rto: 3s", "rto: 30s")
    scenario.write_text(patient + stop)
    process = maildrill(
        "run", str(scenario), "--cluster", "postfix-dovecot-single", "--json", "--reports", str(tmp_path)
    )
    out, err = process.communicate(timeout=180)
    assert process.returncode == 3, err
    result = json.loads(out)
    (why,) = [one["message"] for one in result["diagnostics"] if one["code"] == "STOPPED_EARLY"]
    assert "inbound has failed since" in why
    (kill,) = result["faults"]
    assert kill["verified_healed_at"] - kill["effective_at"] < 30, "long before the 60 s of the timeline"
    assert result["clean"] is True
    assert leftovers(connect()) == []


def test_ctrl_c_heals_removes_and_keeps_the_journal(tmp_path: Path) -> None:
    """Interrupted in the middle of a fault: exit code 130, nothing left, the journal measurable."""
    process = maildrill("run", str(SCENARIO), "--cluster", "postfix-dovecot-single", "--reports", str(tmp_path))
    folder = wait_for("the fault's effect", journal_with(tmp_path, '"state":"effective"'), 90)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert measure_folder(folder).verdict == "inconclusive"
    assert leftovers(connect()) == []


def test_after_sigkill_the_reaper_cleans_and_the_journal_is_measurable(tmp_path: Path) -> None:
    """Nothing of the harness is alive to clean up; the reaper does, within 15 s."""
    process = maildrill("run", str(SCENARIO), "--cluster", "postfix-dovecot-single", "--reports", str(tmp_path))
    folder = wait_for("the fault's effect", journal_with(tmp_path, '"state":"effective"'), 90)
    assert leftovers(connect())
    os.kill(process.pid, signal.SIGKILL)
    process.wait(timeout=10)
    wait_for("the reaper to remove everything", lambda: not leftovers(connect()), REAPED_WITHIN_S)
    result = measure_folder(folder)
    assert result.verdict == "inconclusive"
    assert "JOURNAL_INCOMPLETE" in {diagnostic.code for diagnostic in result.diagnostics}
    process.communicate()
