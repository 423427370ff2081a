"""Which volume's private copy is put back where: an engine names a container's mounts in any order."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

from maildrill.faults import KINDS


class Node:
    """A server with two volumes that its engine lists the other way round at each look."""

    name = "mail1"

    def __init__(self) -> None:
        self.container = SimpleNamespace(attrs={"Mounts": []}, reload=self.reload)
        self.mounts: list[dict[str, Any]] = [
            {"Type": "volume", "RW": True, "Name": name, "Destination": f"/{name}"} for name in ("queue", "store")
        ]

    def reload(self) -> None:
        """Another order than the last time."""
        self.mounts.reverse()
        self.container.attrs["Mounts"] = list(self.mounts)


def test_every_volume_has_the_same_place_at_every_look() -> None:
    world: Any = MagicMock(**{"helper.with_volumes.return_value": "0 3"})
    fault = KINDS["ransomware"](world, Node())
    assert [fault.effect()[0] for _ in range(3)] == [True] * 3
    orders = {tuple(call.args[0][:2]) for call in world.helper.with_volumes.call_args_list}
    assert orders == {("queue", "store")}
