"""disk-slow: the target's disks take few bytes and few operations a second."""

from __future__ import annotations

import re
import shlex

from pydantic import Field

from maildrill.faults.storage.disk import LOOK, DiskFault
from maildrill.faults.storage.volume import VolumeParameters

BLOCK = 4096
THROTTLE = """
import os, subprocess, sys
pid, bps, iops, *devices = sys.argv[1:]
lines = [line.strip().split(":", 2) for line in open(f"/proc/{pid}/cgroup")]
v1 = next((path for _, names, path in lines if "blkio" in names.split(",")), None)
kind, options = ("cgroup", "blkio") if v1 else ("cgroup2", "defaults")
root = f"/run/maildrill-{kind}"
if not os.path.ismount(root):
    os.makedirs(root, exist_ok=True)
    subprocess.run(["mount", "-t", kind, "-o", options, "none", root], check=True)

def set_to(file, value, key):
    with open(file, "w") as control:
        control.write(value)
    with open(file) as control:
        found = control.read()
    if (key in found) is not (bps != "0"):
        sys.exit(f"{file}: wrote {value}, found {found.strip()}")

for device in devices:
    number = "7:" + device.removeprefix("/dev/loop")
    if v1:
        for what in ("read", "write"):
            for unit, limit in (("bps", bps), ("iops", iops)):
                file = f"{root}{v1}/blkio.throttle.{what}_{unit}_device"
                set_to(file, f"{number} {limit}", f"{number} {limit}")
    else:
        b, i = ("max", "max") if bps == "0" else (bps, iops)
        values = f"rbps={b} wbps={b} riops={i} wiops={i}"
        set_to(f"{root}{lines[-1][2]}/io.max", f"{number} {values}", f"{number} {values}")
"""


class DiskSlowParameters(VolumeParameters):
    """How slow, and which of the target's disks."""

    bytes_per_second: int = Field(524288, ge=65536, description="reads, and writes, bytes/s")
    operations_per_second: int = Field(20, ge=2, description="reads, and writes, 1/s; a lame disk does about 100")


class DiskSlow(DiskFault):
    """The disk is slow, and nothing fails: queues grow, time-outs run out.

    The kernel throttles what the target's processes read and write themselves (cgroup v1 `blkio`, v2
    `io.max`): fsync and direct writes wait. What the kernel writes back later for them is not slowed
    on cgroup v1.
    """

    kind = "disk-slow"
    Parameters = DiskSlowParameters
    needs = ("helper", "loop", "blkio-throttle")
    stands_for = "a RAID rebuild, a noisy neighbour on shared storage, a dying disk that retries"

    def inject(self) -> None:
        """Write the limits to the target's control group and read them back; setting them twice is harmless."""
        self._throttle(self.asked.bytes_per_second, self.asked.operations_per_second)

    def heal(self) -> None:
        """Take the limits away; a target that died has none any more."""
        self._throttle(0, 0)

    def _throttle(self, bytes_per_second: int, operations_per_second: int) -> None:
        pid, devices = self.pid(), [disk.device for disk in self.disks]
        if not pid and bytes_per_second:
            raise RuntimeError(f"{self.target.name} is not running")
        if pid:
            limits = (str(bytes_per_second), str(operations_per_second))
            self.in_helper("python3", "-c", THROTTLE, str(pid), *limits, *devices)

    def effect(self) -> tuple[bool, str]:
        """Direct writes by the target, a quarter of a second's worth, take at least half as long as the limit says."""
        return self._timed(slow=True)

    def recovered(self) -> tuple[bool, str]:
        """The same direct writes take less than a third of that, and all services answer."""
        quick, seen = self._timed(slow=False)
        return (quick, seen) if not quick else super().recovered()

    def _timed(self, slow: bool) -> tuple[bool, str]:
        """Direct writes to each disk; few, because the target's own work competes with them for the same limit."""
        rate = min(self.asked.operations_per_second, self.asked.bytes_per_second / BLOCK)
        writes, seen = max(2, int(rate / 4)), ""
        for disk in self.disks:
            file = shlex.quote(f"{disk.path}/{LOOK}")
            dd = f"dd if=/dev/zero of={file} bs={BLOCK} count={writes} oflag=direct 2>&1; rm -f {file}"
            output = self.in_target(f"LC_ALL=C {dd}")
            found = re.search(rf"^{BLOCK * writes} bytes .*copied, ([0-9.e-]+) s", output, re.MULTILINE)
            if not found:
                return False, output.strip()
            took, limit = float(found[1]), writes / rate
            seen = f"{writes} direct writes to {disk.path} took {took:.3f} s, by the limit {limit:.2f} s"
            if not (took >= limit / 2 if slow else took < limit / 3):
                return False, seen
        return True, seen
