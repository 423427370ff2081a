"""io-errors: the target's disks fail every read and write."""

from __future__ import annotations

from maildrill.faults.storage.disk import DiskFault

FIRST_SECTORS = 4096
FAILURES = (
    "Input/output error",
    "Read-only file system",
    "Structure needs cleaning",
    "Cannot allocate memory",
)
LIMIT = """
import fcntl, os, struct, sys
SET, GET, LAYOUT = 0x4C04, 0x4C05, "<5Q4I64s64s32s2Q"  # LOOP_SET_STATUS64, LOOP_GET_STATUS64: linux/loop.h
limit, *devices = sys.argv[1:]
for device in devices:
    handle, info = os.open(device, os.O_RDWR), bytearray(struct.calcsize(LAYOUT))
    fcntl.ioctl(handle, GET, info)
    fields = list(struct.unpack(LAYOUT, info))
    fields[4] = int(limit)  # lo_sizelimit
    fcntl.ioctl(handle, SET, bytearray(struct.pack(LAYOUT, *fields)))
"""


class IoErrors(DiskFault):
    """The disk dies while it is in use: reads of what is not cached, and all writes, fail with EIO.

    The loop device is cut to its first 4 KiB; what the file behind it holds stays as it is. ext4 stops
    its journal at the first failed write and becomes read-only, as it does on a real disk; that ends
    only when it is mounted anew.
    """

    kind = "io-errors"
    stands_for = "a disk or controller that died, a SAN path that went away, a cloud volume detached"

    def inject(self) -> None:
        """Cut the devices; cutting them twice changes nothing."""
        self._limit(FIRST_SECTORS)

    def heal(self) -> None:
        """Give the devices their size back and restart the node: ext4 replays its journal."""
        self._limit(0)
        self.remount()

    def _limit(self, size: int) -> None:
        self.in_helper("python3", "-c", LIMIT, str(size), *(disk.device for disk in self.disks))

    def effect(self) -> tuple[bool, str]:
        """The target's own write to each disk fails: an I/O error, or what ext4 makes of one.

        (It goes read-only, or finds its structure damaged; for a block beyond the end of the device it says ENOMEM.)
        """
        return self.writes(*FAILURES)
