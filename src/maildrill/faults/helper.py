"""The helper container: the only place where maildrill holds privileges.

It shares the host's PID namespace to enter other containers' network namespaces, and is started
only for drills that need it.
"""

from __future__ import annotations

from typing import Any

CAPABILITIES = ["SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE"]


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

    def start(self) -> None:
        """Start the persistent helper."""
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
        )

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
