"""volume-wiped: everything on the volumes is deleted while the server runs."""

from __future__ import annotations

from maildrill.faults.process.kill import Kill
from maildrill.faults.storage.volume import VolumeFault

WIPE = """
find /v -mindepth 2 ! -name lost+found | wc -l; date +%s.%N; sleep 0.1
for try in 1 2 3 4 5; do find /v -mindepth 2 -delete 2>/dev/null && break; done; true
"""
OLDER = "find /v -mindepth 2 -type f ! -newerct @{moment} | wc -l"


class VolumeWiped(VolumeFault):
    """Everything on the volumes is deleted under the running server, which goes on with what it has open.

    The mail is gone and nothing looks broken: users log in to empty mailboxes, new mail arrives, and a
    replica may take the deletions for wishes of the users. (The dead variant is `volume-loss`.)
    """

    kind = "volume-wiped"
    stands_for = (
        "rm -rf in the wrong directory, a cleaning script with an empty variable, a wiper's malware. GitLab, 31 "
        "January 2017: the database directory of the primary instead of the secondary; VFEmail, 11 February 2019: an "
        "intruder formatted the mail servers' disks and the backups"
    )

    _moment = ""
    _there = ""

    def inject(self) -> None:
        """Delete every file; what appears later is not deleted again by a second call.

        Raises RuntimeError if there is none: nothing could be shown then.
        """
        if not self._moment:
            self._there, self._moment = self.on_volumes(WIPE).split()
        if self._there == "0":
            raise RuntimeError(f"nothing is on the volumes of {self.target.name}: there is nothing to delete")

    def heal(self) -> None:
        """Restart the node, whose servers begin anew with what is on the volumes now."""
        Kill(self.world, self.target).inject()
        self.target.container.start()

    def effect(self) -> tuple[bool, str]:
        """Another container that mounts the volumes finds no file from before the deletion."""
        if not self._moment:
            return False, "nothing was deleted yet"
        left = self.on_volumes(OLDER.format(moment=self._moment)).strip()
        return left == "0", f"of {self._there} files and folders, files from before the deletion: {left}"
