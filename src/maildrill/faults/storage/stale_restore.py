"""stale-restore: the node's volumes come back as an older copy of themselves."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from pydantic import Field

from maildrill.faults.process.freeze import held_still
from maildrill.faults.process.kill import Kill
from maildrill.faults.storage.volume import VolumeFault, VolumeParameters
from maildrill.scenario.units import Duration

LIST = """
list() { (cd $1 && find . -type f -printf '%P %s %T@\\n' | sort); }
copy=/v/COPIES; changed=0
for volume in /v/*; do
  number=${volume#/v/}; [ $number = COPIES ] && continue
"""
COPY = LIST + "mkdir -p $copy/$number; cp -a $volume/. $copy/$number 2>/dev/null; done; true"
CHANGED = """
list $volume >/tmp/now; list $copy/$number >/tmp/then
changed=$((changed + $(comm -23 /tmp/now /tmp/then | wc -l)))
"""
RESTORE = LIST + CHANGED + "find $volume -mindepth 1 -delete; cp -a $copy/$number/. $volume; done; echo $changed"
COMPARE = LIST + CHANGED + "done; echo $changed"


class StaleRestoreParameters(VolumeParameters):
    """How old the copy is, and which of the target's volumes."""

    age: Duration = Field(5.0, ge=0.5, le=300, description="how old the copy is when it is put back, s")


@dataclass
class StaleRestore(VolumeFault):
    """The server dies, and its volumes are restored from a copy that is some time old; then it starts again.

    The copy is taken when the step begins, while the node is frozen (about a second), and put back `age` later, so the
    effect comes `age` after the step's time. Mail of the time between is forgotten, mailboxes have the UIDs and the
    UIDVALIDITY of then, and a replica meets a partner that has travelled in time.
    """

    kind = "stale-restore"
    applied_once = True
    Parameters = StaleRestoreParameters
    stands_for = (
        "last night's backup restored, a snapshot rolled back, a replica promoted that lagged behind. GitLab, 31 "
        "January 2017: a snapshot six hours old was all there was to restore"
    )

    _cancelled: threading.Event = field(default_factory=threading.Event)
    _forgotten: str = ""

    def inject(self) -> None:
        """Copy the volumes, wait, kill the node, put the copy back; a second call changes nothing."""
        if self._forgotten:
            return
        self.world.client.volumes.create(self._copy, labels=self._labels)
        with held_still(self.target.container):
            self._run(COPY)
        if self._cancelled.wait(self.asked.age):
            return
        Kill(self.world, self.target).inject()
        self._forgotten = self._run(RESTORE)

    def heal(self) -> None:
        """Start the node with what was restored; if the copy was not yet put back, it never will be."""
        self._cancelled.set()
        self.target.container.start()

    def effect(self) -> tuple[bool, str]:
        """The node is off, another container finds its volumes equal to the copy, and something was forgotten."""
        if not self._forgotten:
            return False, "nothing was restored yet"
        dead, seen = super().effect()
        if not dead:
            return dead, seen
        different = self._run(COMPARE)
        seen = f"{seen}; files forgotten: {self._forgotten}, different from the copy: {different}"
        return different == "0" and self._forgotten != "0", seen

    @property
    def _copy(self) -> str:
        return f"maildrill-{self.world.cluster.session}-{self.target.name}-copy-{self.number}"

    @property
    def _labels(self) -> dict[str, str]:
        return {"maildrill": "drill", "maildrill.session": self.world.cluster.session}

    def _run(self, script: str) -> str:
        """Run a script with the volumes and, as the last one, the copy's volume: its output."""
        return self.on_volumes(script.replace("COPIES", str(len(self.volumes))), self._copy).strip()
