"""The processes inside a node, by name, and signals to them; as the node's own kernel tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

COMM_LENGTH = 15  # the kernel keeps this much of a process' name (proc(5), TASK_COMM_LEN)
LOOKS = 3  # on a busy machine the engine may lose what a program said
STATUS = "grep -hsE '^(Name|State|Pid):' /proc/[0-9]*/status"


@dataclass(frozen=True)
class Process:
    """One process of a node; ``state`` is the kernel's letter: S sleeps, T is stopped, Z is dead."""

    pid: int
    name: str
    state: str


def processes(container: Any) -> list[Process]:
    """All live processes of a node but the look itself.

    Raises APIError if it is not running, RuntimeError if it does not tell: a node that runs has at least one.
    """
    said = ""
    for _ in range(LOOKS):
        said = container.exec_run(["sh", "-c", STATUS]).output.decode(errors="replace")
        if found := _told(said):
            return [one for one in found if one.state not in "ZX" and one.name not in ("grep", "sh")]
    raise RuntimeError(f"{container.name} does not tell its processes: {said[-200:]!r}")


def _told(said: str) -> list[Process]:
    """The processes in an answer; none if it is something else, such as that the node cannot fork."""
    values = [line.partition(":")[2].strip() for line in said.splitlines()]
    try:
        return [Process(int(pid), name, state[:1]) for name, state, pid in zip(*[iter(values)] * 3, strict=False)]
    except ValueError:
        return []


def named(container: Any, name: str) -> list[Process]:
    """The live processes of that name, PID 1 excepted: a namespace protects it from its own signals."""
    return [one for one in processes(container) if one.name == name[:COMM_LENGTH] and one.pid != 1]


def send_signal(container: Any, signal_name: str, found: list[Process]) -> None:
    """Send a signal to processes that may have ended meanwhile."""
    if found:
        pids = " ".join(str(one.pid) for one in found)
        container.exec_run(["sh", "-c", f"kill -s {signal_name} {pids} 2>/dev/null"])


def must_run(node: Any, name: str) -> list[Process]:
    """The processes of that name. Raises RuntimeError, naming what does run, if there is none."""
    found = named(node.container, name)
    if not found:
        others = sorted({one.name for one in processes(node.container) if one.pid != 1})
        raise RuntimeError(f'{node.name} runs no process "{name}" but {", ".join(others) or "none at all"}')
    return found


def is_running(node: Any) -> bool:
    """Whether the node's container runs, frozen or not."""
    node.container.reload()
    return node.container.status in ("running", "paused")
