"""What is run is what was read and checked: a file that changed meanwhile is not run under the old one's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from maildrill.cluster.model import load_cluster
from maildrill.drill import run as module
from maildrill.errors import BadInput
from maildrill.scenario.document import check, read_yaml
from maildrill.scenario.model import Scenario

PLAN = """\
scenario: planted
title: Planted
timeline: [{at: 0, fault: kill, target: {role: mx}}]
objectives: {inbound: {rto: 1s}}
"""


def test_a_scenario_that_was_changed_since_it_was_read_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "planted.yaml"
    file.write_text(PLAN)
    scenario = check(Scenario, read_yaml(file))
    file.write_text(PLAN.replace("rto: 1s", "rto: 50s"))
    monkeypatch.setattr(module, "_check", lambda *_: None)
    monkeypatch.setattr(module, "connect", lambda: pytest.fail("nothing may be started"))
    monkeypatch.setattr(module, "_turn", lambda *_: module.nullcontext())
    with pytest.raises(BadInput, match="changed since it was read"):
        module.run_drill(
            scenario, load_cluster("postfix-dovecot-single"), scenario_path=file, reports=tmp_path / "reports", seed=1,
            progress=lambda _: None,
        )  # fmt: skip
