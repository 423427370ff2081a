"""kill-daemon is healed by the master that starts the program again; only a node without it is restarted."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from maildrill.faults import KINDS
from maildrill.faults.process import kill_daemon
from maildrill.faults.process.processes import Process


@pytest.mark.parametrize(("runs", "restarts"), [(8, 0), (7, 1), (0, 1)])
def test_a_node_whose_services_another_fault_hides(runs: int, restarts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The vantage is cut off from it: that nothing answers there says nothing about the program."""
    monkeypatch.setattr(kill_daemon, "RESTART_BY_ITSELF_S", 0.2)
    monkeypatch.setattr(kill_daemon, "must_run", lambda *_: [Process(7, "qmgr", "S")])
    monkeypatch.setattr(kill_daemon, "named", lambda *_: [Process(runs, "qmgr", "S")] if runs else [])
    monkeypatch.setattr(kill_daemon, "send_signal", lambda *_: None)
    restarted: list[int] = []
    container = SimpleNamespace(
        status="running", reload=lambda: None, restart=lambda timeout: restarted.append(timeout)
    )
    target = SimpleNamespace(name="mx1", address="10.0.0.2", checks=[(25, "smtp")], container=container)
    world: Any = SimpleNamespace(look=lambda *_: (False, "timeout"))
    kind = KINDS["kill-daemon"]
    killed = kind(world, target, 1, [], kind.Parameters.model_validate({"process": "qmgr"}))
    killed.inject()
    killed.heal()
    assert len(restarted) == restarts
