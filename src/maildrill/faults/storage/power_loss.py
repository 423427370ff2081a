"""power-loss: the power goes; what was not fsynced is gone."""

from __future__ import annotations

from maildrill.faults.storage.disk import DiskFault

SHUTDOWN = """
import fcntl, os, struct, sys
FS_IOC_SHUTDOWN, NOLOGFLUSH = 0x8004587D, 2  # linux/ext4.h: stop at once, the journal's open transaction is lost
for path in sys.argv[1:]:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.ioctl(handle, FS_IOC_SHUTDOWN, struct.pack("I", NOLOGFLUSH))
"""
JOURNAL = 'for device in "$@"; do dumpe2fs -h $device 2>/dev/null | grep -c needs_recovery; done'


class PowerLoss(DiskFault):
    """The power of a server goes: what its programs did not fsync is gone, then its processes are.

    `kill` is not this: the kernel lives on and writes back what it cached. Here the file systems are
    shut down without writing their journal (FS_IOC_SHUTDOWN, NOLOGFLUSH) and the node is killed at
    once. When it starts again ext4 replays its journal: files fsynced are there; others are missing
    or empty, and unlinks and renames of the last seconds may be undone.

    Not simulated: the volatile cache of a disk that lies about flushes, and torn sectors. What the
    kernel had written back by itself survives (ext4 commits every 5 s, data follow after 30 s), so mail must flow until
    the moment of the fault for a missing fsync to be seen.
    """

    kind = "power-loss"
    needs = ("helper", "loop", "shutdown-ioctl")
    stands_for = (
        "a power cut without a UPS, a hypervisor that crashed, a forced reset of a virtual machine. Google's zone "
        "europe-west1-b, 13 August 2015: lightning struck the grid four times, and what disks had written last was "
        "gone for good on some"
    )

    def inject(self) -> None:
        """Shut the file systems down and kill the node; a node that is off already stays off.

        Raises RuntimeError if the kernel refuses, or if the disks are not unmounted within 10 s.
        """
        pid = self.pid()
        if pid:
            paths = (f"/proc/{pid}/root{disk.path}" for disk in self.disks)
            self.in_helper("python3", "-c", SHUTDOWN, *paths)
            self.power_off()

    def heal(self) -> None:
        """Start the node: the kernel replays the journals, the servers find what is left."""
        self.target.container.start()

    def effect(self) -> tuple[bool, str]:
        """The node does not answer, and the journal of each disk must be replayed: it was not unmounted in order."""
        dead, seen = self._services(expected=False)
        if not dead:
            return dead, seen
        devices = [disk.device for disk in self.disks]
        _, output = self.world.helper.run("sh", "-c", JOURNAL, "sh", *devices)
        return output.split() == ["1"] * len(devices), f"{seen}; disks with a journal to replay: {output.split()}"
