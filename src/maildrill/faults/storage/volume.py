"""What faults of volumes share: which of the target's volumes they hit."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from pydantic import Field

from maildrill.cluster.model import NodeModel
from maildrill.faults.fault import Fault
from maildrill.scenario.document import nearest
from maildrill.scenario.model import Strict


class VolumeParameters(Strict):
    """Which of the target's volumes."""

    volume: str | None = Field(None, description="the volume hit, such as queue or store; all of them, if absent")


def without_volumes(node: NodeModel) -> str:
    """Why nothing that a node keeps can be broken; empty if something can."""
    return "" if node.paths else "keeps nothing on a volume"


class VolumeFault(Fault):
    """A fault of what the target keeps on its volumes."""

    Parameters = VolumeParameters

    @classmethod
    def misfit(cls, node: NodeModel, asked: Any) -> str:
        """It must have the volume."""
        if node.paths and asked.volume not in (None, *node.paths):
            return f'has no volume "{asked.volume}" ({nearest(asked.volume, node.paths)})'
        return without_volumes(node)

    @property
    def hit(self) -> list[str]:
        """Logical names of the volumes that are hit. Raises RuntimeError if there are none."""
        asked = self.asked.volume
        names = [name for name in self.target.volumes if asked in (None, name)]
        if not names:
            raise RuntimeError(f"{self.target.name} has no volume {asked!r}; it has {list(self.target.volumes)}")
        return names

    @property
    def volumes(self) -> list[str]:
        """The Docker volumes that are hit."""
        return [self.target.volumes[name][0] for name in self.hit]

    def on_volumes(self, command: str, *more: str) -> str:
        """Output of a shell command in a fresh container with the volumes, and more, at /v/0, /v/1 ..."""
        return self.world.helper.with_volumes([*self.volumes, *more], command)

    @abstractmethod
    def inject(self) -> None:
        """Break it. Raises RuntimeError or APIError if that cannot be done."""
