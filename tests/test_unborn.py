"""A reaper that was made and never started, because its harness was killed in between."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from docker.errors import NotFound

from maildrill.custody import unborn


@pytest.mark.parametrize(
    ("states", "removed"),
    [
        (["created", "created"], True),
        ([None, None, "created", "created"], True),
        (["created", "running"], False),
        (["running"], False),
        (["created", None], False),
        ([], False),
    ],
    ids=["never-started", "made-late", "started-just-now", "runs", "removed-by-others", "never-made"],
)
def test_only_one_that_never_starts_is_removed(
    states: list[str | None], removed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unborn, "LOOK_EVERY_S", 0.001)
    monkeypatch.setattr(unborn, "LOOK_FOR_S", 0.2)
    seen = iter(states)
    container = MagicMock()

    def get(_: str) -> MagicMock:
        container.status = next(seen, None)
        if container.status is None:
            raise NotFound("no such container")
        return container

    client = MagicMock()
    client.containers.get = get
    assert unborn.remove_unborn(client, "maildrill-ab12-reaper") is removed
    assert container.remove.called is removed


@pytest.mark.parametrize(("said", "looks"), [(b"it runs", False), (b"", True)], ids=["reaper-runs", "harness-died"])
def test_it_looks_only_if_the_harness_died(said: bytes, looks: bool, tmp_path: Path) -> None:
    """What it asks is an engine that is not there: it says so if it looked."""
    program = subprocess.run(
        [sys.executable, "-c", unborn.WATCH, "maildrill-ab12-reaper"],
        input=said,
        env={"DOCKER_HOST": f"unix://{tmp_path}/no.sock", "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        timeout=30,
    )
    assert (b"maildrill-ab12-reaper may be left" in program.stderr) is looks
