"""Loop devices of drills: find and detach them. Standard library only: it also runs in the reaper.

A device is ours if the file behind it is named maildrill-SESSION-...; no other is ever touched.
Detaching needs access to block devices of major 7 and nothing else of the machine.
"""

from __future__ import annotations

import fcntl
import os
import re
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

LOOP_CLR_FD = 0x4C01  # linux/loop.h
LOOP_MAJOR = 7  # Documentation/admin-guide/devices.txt
OURS = re.compile(r"maildrill-([0-9a-z]+)-[^/]*\.img")
DELETED = "(deleted)"  # what the kernel adds to the name of a file that was removed
BLOCK_DEVICES = Path("/sys/block")


def attached(session: str | None = None) -> dict[int, str]:
    """Loop number -> session, of every attached device of one session, or of all sessions."""
    return {number: ours[1] for number, ours in _ours(session)}


def orphans() -> dict[int, str]:
    """The same of every device whose file was removed: it may be all that is left of a session."""
    return {number: ours[1] for number, ours in _ours(None) if ours.string.rstrip().endswith(DELETED)}


def _ours(session: str | None) -> Iterator[tuple[int, re.Match[str]]]:
    for entry in BLOCK_DEVICES.glob("loop*/loop/backing_file"):
        try:
            ours = OURS.search(entry.read_text())
        except OSError:  # detached since
            continue
        if ours and session in (None, ours[1]):
            yield int(entry.parent.parent.name.removeprefix("loop")), ours


def detach(number: int, session: str) -> None:
    """Detach one device of a session; one still mounted is detached by the kernel when it is unmounted."""
    node = f"/run/maildrill-loop{number}"
    if not os.path.exists(node):
        os.mknod(node, stat.S_IFBLK | 0o600, os.makedev(LOOP_MAJOR, number))
    try:
        device = os.open(node, os.O_RDONLY)
        try:
            if number in attached(session):  # looked again with the device open: numbers are given out anew
                fcntl.ioctl(device, LOOP_CLR_FD)
        finally:
            os.close(device)
    except OSError as problem:  # detached by someone else meanwhile: the next look tells
        print(f"loop{number}: {problem}", file=sys.stderr)


def main(act: str, *sessions: str) -> None:
    """Print "NUMBER SESSION" of what sessions have attached, and of orphans; "detach" detaches theirs before."""
    if act == "detach":
        for number, session in attached().items():
            if session in sessions:
                detach(number, session)
    alone = orphans()
    for number, session in attached().items():
        if session in sessions or number in alone:
            print(number, session)


if __name__ == "__main__":
    main(*sys.argv[1:])
