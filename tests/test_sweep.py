"""What dead drills left is swept, and no drill goes on without its reaper."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest
from docker.errors import APIError

from maildrill import cli
from maildrill.custody import guard
from maildrill.custody import sweep as sweep_module
from maildrill.custody.sweep import sweep
from maildrill.errors import EnvironmentProblem


@pytest.mark.parametrize("label", ["maildrill.reaper-of", "maildrill=look"])
@pytest.mark.parametrize(
    ("status", "age_s", "goes"), [("exited", 1, True), ("created", 5, False), ("created", 90, True)]
)
def test_what_was_never_started_is_swept_when_it_is_old(
    label: str, status: str, age_s: int, goes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A harness killed between making and starting its reaper, or a container that was to look at loop devices.

    A young one is about to be started.
    """
    made = (datetime.now(UTC) - timedelta(seconds=age_s)).isoformat().replace("+00:00", "000Z")
    monkeypatch.setattr(sweep_module, "_loops", lambda *_: [])  # those of a drill that is under way beside this test
    removed: list[bool] = []
    reaper = SimpleNamespace(name="r", status=status, attrs={"Created": made}, remove=lambda **_: removed.append(True))

    def containers(filters: dict[str, Any], **_: Any) -> list[Any]:
        return [reaper] if filters["label"] == label and status in filters.get("status", []) else []

    nothing = SimpleNamespace(list=lambda **_: [])
    client = SimpleNamespace(containers=SimpleNamespace(list=containers), volumes=nothing, networks=nothing)
    assert sweep(client) == (["container r"] if goes else [])
    assert removed == ([True] if goes else [])


def test_a_container_that_looks_at_loop_devices_carries_the_label_that_sweep_looks_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sweep_module, "ensure_images", lambda *_: {"helper": "helper"})
    client = MagicMock()
    client.containers.create.return_value.attach.return_value = [b"3 ab12\n"]
    assert [one.session for one in sweep_module._loops(client, "list")] == ["ab12"]
    labels = client.containers.create.call_args.kwargs["labels"]
    assert set(sweep_module.BESIDE) & {f"{name}={value}" for name, value in labels.items()}


def test_a_session_is_not_used_before_its_reaper_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine said that it started; what is made now would look like a dead drill's to everybody else."""
    monkeypatch.setattr(guard, "RUNNING_DEADLINE_S", 0.1)
    container = MagicMock(status="exited")
    client = MagicMock()
    client.containers.create.return_value = container
    with pytest.raises(EnvironmentProblem, match=r"reaper did not run within.*exited"):
        guard.Guard(client, "helper", "ab12")
    container.status = "running"
    guard.Guard(client, "helper", "ab12")


def test_what_the_engine_keeps_is_not_said_to_be_removed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Docker may count an endpoint of a network for ever, though its container is gone."""

    def refuse() -> None:
        raise APIError("has active endpoints", response=SimpleNamespace(status_code=403))

    labels = {"maildrill.session": "ab12"}
    network = SimpleNamespace(name="maildrill-ab12-lan", attrs={"Labels": labels}, remove=refuse)
    listing = [SimpleNamespace(list=lambda **_: []), SimpleNamespace(list=lambda **_: [network])]
    client = SimpleNamespace(containers=listing[0], volumes=listing[0], networks=listing[1])
    monkeypatch.setattr(sweep_module.loops, "orphans", list)
    assert sweep(client) == []
    monkeypatch.setattr("maildrill.commands.engine.client", lambda: client)
    assert cli.run(["clean"]) == 4
    said = capsys.readouterr()
    assert "the engine does not remove network maildrill-ab12-lan: try again" in said.err
    assert "removed" not in said.out
