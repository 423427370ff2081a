"""read-only: the kernel has made the target's file systems read-only."""

from __future__ import annotations

from maildrill.faults.storage.disk import DiskFault

ABORT = """
set -e
at=$(mktemp -d)
trap 'rmdir "$at"' EXIT
for device in "$@"; do
  mount -t ext4 "$device" "$at"
  if ! grep " $device " /proc/self/mountinfo | grep -Eq 'emergency_ro| ro,'; then
    mount -o remount,abort "$at" || failed=1
  fi
  umount "$at"
  test -z "$failed"
done
"""


class ReadOnly(DiskFault):
    """ext4 found an error and went read-only: everything can be read, every write fails with EROFS.

    Made by aborting the file system (`mount -o remount,abort`), which works with files open for
    writing too; a plain `remount,ro` is refused as long as Postfix has its queue open. What was not
    committed to the journal is gone, as in the real case.
    """

    kind = "read-only"
    stands_for = "errors=remount-ro after a bad sector, a flaky SAN path, memory corruption seen by ext4"

    def inject(self) -> None:
        """Abort the file systems; aborting twice changes nothing."""
        self.in_helper("sh", "-c", ABORT, "sh", *(disk.device for disk in self.disks))

    def heal(self) -> None:
        """Restart the node: its file systems are mounted anew and writable."""
        self.remount()

    def effect(self) -> tuple[bool, str]:
        """The target's own write to each disk fails: read-only file system."""
        return self.writes("Read-only file system")
