"""volume-loss: the node dies and everything on its volumes is gone."""

from __future__ import annotations

from typing import Any

from maildrill.cluster.model import NodeModel
from maildrill.faults.process.kill import Kill
from maildrill.faults.storage.volume import without_volumes


class VolumeLoss(Kill):
    """The server is killed and its disks are lost; healed by starting it with empty volumes."""

    kind = "volume-loss"
    stands_for = (
        "a dead disk array without a spare, a volume deleted by mistake. OVHcloud in Strasbourg, 10 March 2021: a "
        "data centre burned down, and with it servers, some of whose backups were in the same one"
    )

    @classmethod
    def misfit(cls, node: NodeModel, asked: Any) -> str:
        """It must keep something."""
        return without_volumes(node)

    def inject(self) -> None:
        """Kill the node, then empty its volumes."""
        super().inject()
        self.world.helper.with_volumes(self._volumes, "find /v -mindepth 2 -delete")

    def effect(self) -> tuple[bool, str]:
        """The node does not answer, and another container that mounts the volumes finds nothing."""
        dead, seen = super().effect()
        if not dead:
            return dead, seen
        left = self.world.helper.with_volumes(self._volumes, "find /v -mindepth 2 | wc -l").strip()
        return left == "0", f"{seen}; files left on the volumes: {left}"

    @property
    def _volumes(self) -> list[str]:
        return [name for name, _ in self.target.volumes.values()]
