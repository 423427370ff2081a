"""The engine itself is restarted in the middle of a drill: inconclusive, and clean. Only where it is asked for.

MAILDRILL_RESTART_ENGINE="systemctl restart docker" pytest -m faults tests/faults/test_real_engine_restart.py

It ends every container on the machine, whoever they belong to.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from maildrill.cluster.engine import connect
from maildrill.custody.sweep import leftovers

RESTART = os.environ.get("MAILDRILL_RESTART_ENGINE", "")
SCENARIO = Path(__file__).parent.parent / "integration" / "short-mx-kill.yaml"
EFFECT_WITHIN_S, RESTART_WITHIN_S, OVER_WITHIN_S = 90.0, 120.0, 180.0

pytestmark = [
    pytest.mark.integration,
    pytest.mark.faults,
    pytest.mark.skipif(not RESTART, reason="MAILDRILL_RESTART_ENGINE does not say how the engine is restarted"),
]


def test_a_restarted_engine_makes_a_drill_inconclusive_and_leaves_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "maildrill.cli", "run", str(SCENARIO), "--reports", str(tmp_path)]
    drill = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + EFFECT_WITHIN_S
    while not any('"state":"effective"' in one.read_text() for one in tmp_path.glob("*/journal.ndjson")):
        assert drill.poll() is None, drill.communicate()[1]
        assert time.monotonic() < until, f"no fault took effect within {EFFECT_WITHIN_S:g} s"
        time.sleep(0.1)
    subprocess.run(["sh", "-c", RESTART], check=True, timeout=RESTART_WITHIN_S)
    _, said = drill.communicate(timeout=OVER_WITHIN_S)
    assert drill.returncode == 3, said
    result = json.loads(next(tmp_path.glob("*/result.json")).read_text())
    assert result["verdict"] == "inconclusive"
    assert "DRILL_ERROR" in {found["code"] for found in result["diagnostics"]}
    assert result["clean"] is True
    assert leftovers(connect()) == []
