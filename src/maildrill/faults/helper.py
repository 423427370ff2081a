"""The helper container: the only place where a fault has privileges.

It shares the host's PID namespace to enter other containers' network namespaces, and is started only for drills that
need it. Beside it the reaper has the engine's socket, which is as good as root, and nothing else; a look at what the
kernel can do runs for a moment with SYS_ADMIN in a container of its own; keepalived moves its address with NET_ADMIN.
"""

from __future__ import annotations

from typing import Any

from maildrill.cluster.disks import BACKING, disk_volume
from maildrill.errors import EnvironmentProblem

CAPABILITIES = ["SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE"]
DISK_DEVICES = ["b 7:* rwm", "c 10:237 rwm"]  # loop devices, and loop-control, which gives them out
LOOPS = 256
MAKE_NODES = f"""
import os, stat
os.mknod("/dev/loop-control", stat.S_IFCHR | 0o600, os.makedev(10, 237))
for number in range({LOOPS}):
    os.mknod(f"/dev/loop{{number}}", stat.S_IFBLK | 0o600, os.makedev(7, number))
"""


class Helper:
    """Runs commands where a fault needs them; labelled with the drill's session."""

    def __init__(self, client: Any, image: str, session: str) -> None:
        self._client = client
        self._image = image
        self._labels = {"maildrill": "drill", "maildrill.session": session}
        self._session = session
        self._container: Any = None

    @property
    def container(self) -> Any:
        """The helper's container; None before it is started."""
        return self._container

    def start(self, disks: bool = False) -> None:
        """Start the persistent helper; with ``disks`` it may make loop devices and sees the host's cgroups."""
        extra: dict[str, Any] = {}
        if disks:
            backing = disk_volume(self._session)
            self._client.volumes.create(backing, labels=self._labels)
            mount = {backing: {"bind": BACKING, "mode": "rw"}}
            extra = {"volumes": mount, "device_cgroup_rules": DISK_DEVICES, "cgroupns": "host"}
        self._container = self._client.containers.run(
            self._image,
            ["sleep", "infinity"],
            name=f"maildrill-{self._session}-helper",
            detach=True,
            init=True,
            pid_mode="host",
            network_mode="none",
            cap_add=CAPABILITIES,
            security_opt=["seccomp=unconfined", "apparmor=unconfined"],
            labels=self._labels,
            **extra,
        )
        if disks:
            code, output = self.run("python3", "-c", MAKE_NODES)
            if code:
                raise EnvironmentProblem(f"the helper may not make loop devices: {output.strip()}")

    def run(self, *command: str) -> tuple[int, str]:
        """Run a command in the helper itself: (exit code, output)."""
        code, output = self._container.exec_run(list(command))
        return code, output.decode(errors="replace")

    def in_network_of(self, container: Any, *command: str) -> tuple[int, str]:
        """Run a command in a container's network namespace: (exit code, output)."""
        container.reload()
        pid = container.attrs["State"]["Pid"]
        if not pid:
            return 1, f"{container.name} is not running"
        return self.run("nsenter", "-t", str(pid), "-n", "--", *command)

    def with_volumes(self, volumes: list[str], command: str) -> str:
        """Run a shell command in a fresh unprivileged container that mounts volumes at /v/0, /v/1 ..."""
        mounts = {name: {"bind": f"/v/{index}", "mode": "rw"} for index, name in enumerate(volumes)}
        output = self._client.containers.run(
            self._image, ["sh", "-c", command], remove=True, network_mode="none", volumes=mounts, labels=self._labels
        )
        return output.decode(errors="replace")
