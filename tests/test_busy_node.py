"""Freezing a node that is too busy to be frozen at once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import APIError

from maildrill.faults.process import freeze
from maildrill.faults.process.freeze import Freeze


class Busy:
    """A container that refuses to be paused so many times."""

    def __init__(self, refusals: float) -> None:
        self.refusals, self.status = refusals, "running"

    def reload(self) -> None:
        """Its status is always true."""

    def pause(self) -> None:
        """Refuse, or be paused."""
        self.refusals -= 1
        if self.refusals >= 0:
            raise APIError("OCI runtime pause failed: unable to freeze: unknown")
        self.status = "paused"


def frozen(refusals: float) -> Any:
    """The container after a freeze was injected."""
    target = SimpleNamespace(name="mx1", container=Busy(refusals))
    Freeze(SimpleNamespace(), target).inject()
    return target.container


def test_a_busy_node_is_frozen_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a slow machine the kernel often needs more than a few tries."""
    monkeypatch.setattr(freeze, "AGAIN_AFTER_S", 0.001)
    assert frozen(25).status == "paused"


def test_a_node_that_cannot_be_frozen_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """After its deadline the engine's own words are passed on."""
    monkeypatch.setattr(freeze, "FREEZING_S", 0.05)
    with pytest.raises(APIError, match="unable to freeze"):
        frozen(float("inf"))
