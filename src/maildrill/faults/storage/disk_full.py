"""disk-full: not one block is free on the target's disks."""

from __future__ import annotations

from maildrill.faults.storage.disk import DiskFault

FILL = """
for volume in /v/*; do
  fill=$volume/.maildrill-full
  : >> $fill
  for try in 1 2 3 4 5 6 7 8; do
    free=$(df -k --output=avail $volume | tail -1)
    [ "$free" -le 0 ] && break
    fallocate -o $(stat -c %s $fill) -l ${free}KiB $fill 2>/dev/null
    head -c 8M /dev/zero >> $fill 2>/dev/null
  done
done
"""


class DiskFull(DiskFault):
    """The disk is full: what is there can be read, and nothing more can be written.

    A file takes every free block, again and again until `df` says 0: with 1 KiB left a small message
    would still fit. Servers must answer 4xx and try again later, never 5xx, and never lose what they
    accepted. Dovecot answers 451 after DATA, Postfix 452 at MAIL FROM.
    """

    kind = "disk-full"
    stands_for = (
        "a log that ran wild, a mail loop, a quota forgotten, snapshots that ate the pool. Toyota, 29 August 2023: a "
        "full disk of the ordering servers stopped 14 plants for a day; Apache James, which did not recover after "
        "space was freed (commit 27fb35b7, 2025)"
    )

    def inject(self) -> None:
        """Fill the disks; filling a full one changes nothing."""
        self.on_volumes(FILL)

    def heal(self) -> None:
        """Remove the file that took the space: no restart, as when somebody cleans up."""
        self.on_volumes("rm -f /v/*/.maildrill-full")

    def effect(self) -> tuple[bool, str]:
        """The target's own write of 4 KiB to each disk fails: no space left on device."""
        return self.writes("No space left on device")
