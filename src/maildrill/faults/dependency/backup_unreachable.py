"""backup-unreachable: the stores cannot reach the backup repository."""

from __future__ import annotations

from typing import Any

from maildrill.faults.network.partition import Partition


class BackupUnreachable(Partition):
    """The target (a backup repository) is cut off from the stores, or from the peers if some are named.

    Mail goes on; what is written meanwhile is in no backup, and a restore has nothing to read from.
    """

    kind = "backup-unreachable"
    stands_for = "a backup site that is down when it is needed, an expired account at the storage provider"
    peers_optional = True

    @property
    def cut_off_from(self) -> list[Any]:
        """The peers, or else every store but the target."""
        return self.peers or [node for node in self.world.cluster.select("store") if node is not self.target]
