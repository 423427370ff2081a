"""What faults of disks share: the target's own disks, and how they look from the target itself."""

from __future__ import annotations

import shlex
from abc import abstractmethod
from typing import ClassVar, NamedTuple

from maildrill.faults.process.kill import Kill
from maildrill.faults.storage.volume import VolumeFault

LOOK = ".maildrill-look"
WRITTEN = "written, all of it"
WRITE = f"LC_ALL=C dd if=/dev/zero of={{file}} bs=4k count=1 conv=fsync 2>&1 && echo {WRITTEN}; rm -f {{file}}"
"""What dd itself says at the end ("0 bytes copied"), it says of a write that failed too."""
UNMOUNT_PATIENCE_S = 10
AWAIT_UNMOUNTED = f"""
import os, sys, time
until = time.monotonic() + {UNMOUNT_PATIENCE_S}
for device in sys.argv[1:]:
    while True:
        try:
            os.close(os.open(device, os.O_RDONLY | os.O_EXCL))  # refused as long as it is mounted anywhere
            break
        except OSError as problem:
            if time.monotonic() > until:
                sys.exit(f"{{device}}: {{problem}}")
            time.sleep(0.02)
"""


class Disk(NamedTuple):
    """One disk of a node: the Docker volume, where the node mounts it, and its loop device."""

    volume: str
    path: str
    device: str


class DiskFault(VolumeFault):
    """A fault of the target's disks, which are its own: nobody else's disk is hit."""

    needs: ClassVar[tuple[str, ...]] = ("helper", "loop")
    own_disk = True

    @property
    def disks(self) -> list[Disk]:
        """The disks that are hit. Raises RuntimeError if there are none."""
        volumes, devices = self.target.volumes, self.target.devices
        disks = [Disk(volumes[name][0], volumes[name][1], devices.get(name, "")) for name in self.hit]
        if not all(disk.device for disk in disks):
            raise RuntimeError(f"{self.target.name} has no disk of its own; ask for it in the cluster file: disks")
        return disks

    @abstractmethod
    def inject(self) -> None:
        """Break it. Raises RuntimeError if that cannot be done."""

    def recovered(self) -> tuple[bool, str]:
        """The target itself can write to its disks, and all its services answer."""
        works, seen = self.writes(WRITTEN)
        return (works, seen) if not works else super().recovered()

    def writes(self, *expected: str) -> tuple[bool, str]:
        """Whether a write by the target to each disk ends in one of the words expected, and what was seen."""
        seen = ""
        for disk in self.disks:
            lines = self.in_target(WRITE.format(file=shlex.quote(f"{disk.path}/{LOOK}"))).splitlines()
            fitting = [line for line in lines if any(word in line for word in expected)]
            seen = f"a write to {disk.path}: {(fitting or lines or ['no answer'])[-1]}"
            if not fitting:
                return False, seen
        return True, seen

    def in_target(self, command: str) -> str:
        """Output of a shell command in the target. Raises APIError if it is not running."""
        return str(self.target.container.exec_run(["sh", "-c", command]).output.decode(errors="replace"))

    def in_helper(self, *command: str) -> str:
        """Output of a command in the helper. Raises RuntimeError if it fails."""
        code, output = self.world.helper.run(*command)
        if code:
            raise RuntimeError(f"{self.kind} on {self.target.name}: {output.strip()[-300:]}")
        return output

    def pid(self) -> int:
        """The target's first process, as the helper sees it; 0 if the target is not running."""
        self.target.container.reload()
        return int(self.target.container.attrs["State"]["Pid"])

    def power_off(self) -> None:
        """Kill the target and wait until its disks are unmounted. Raises RuntimeError if they are not."""
        Kill(self.world, self.target).inject()
        self.in_helper("python3", "-c", AWAIT_UNMOUNTED, *(disk.device for disk in self.disks))

    def remount(self) -> None:
        """Restart the target, so that its disks are mounted anew: a broken ext4 stays broken until then."""
        self.power_off()
        self.target.container.start()
