"""A timeline with everything in it, against real containers: questions, stacks, repeats, recovery steps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_drill import maildrill

SCENARIO = Path(__file__).with_name("composed.yaml")

pytestmark = pytest.mark.integration


def test_everything_a_timeline_can_do(tmp_path: Path) -> None:
    """Each question finds a node that runs, each fault is proven and verified healed, each step is written down."""
    process = maildrill("run", str(SCENARIO), "--json", "--reports", str(tmp_path))
    out, err = process.communicate(timeout=180)
    assert out.strip().startswith("{"), err
    result = json.loads(out)
    lives = {life["name"]: life for life in result["faults"]}
    assert all(life["effective_at"] and life["verified_healed_at"] for life in lives.values()), json.dumps(lives)
    frozen, cut = (next(life for name, life in lives.items() if name.startswith(what)) for what in ("ice", "cut"))
    stores = {"store1", "store2"}  # the holder of the newest mail may change between the two questions
    assert {frozen["target"], cut["target"]} <= stores, "both ask for the store that holds the mail of one user"
    assert len([name for name in lives if name.startswith("freeze-3.")]) == 2, "repeated"
    steps = {step["name"]: step for step in result["recovery_steps"]}
    assert steps["look"]["done_at"]
    assert steps["look"]["target"] == "proxy", "only the proxy has the address of mail.example.test"
    assert steps["wrong"]["failed_at"]
    assert steps["wrong"]["detail"] == "exit code 3: no"
    assert [d["code"] for d in result["diagnostics"] if d["code"].startswith("RECOVERY")] == ["RECOVERY_STEP_FAILED"]
    assert not {"FAULT_NOT_EFFECTIVE", "HEAL_FAILED", "DRILL_ERROR"} & {d["code"] for d in result["diagnostics"]}
    journal = next(tmp_path.glob("*/journal.ndjson")).read_text()
    assert f"cut-1: {cut['target']} (role store, holds user7: " in journal, "who was hit and why is written down"
    assert result["clean"] is True
