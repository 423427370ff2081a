"""corrupt-bytes: bytes of stored messages or files change, and nobody is told."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import Field

from maildrill.faults.storage.volume import VolumeFault, VolumeParameters

CORRUPT = r"""
import contextlib, json, os, random, re, sys
count, size, seed = map(int, sys.argv[1:4])
what, places = sys.argv[4], []

def look_at(path):
    with open(path, "rb") as file:
        content = file.read()
    if what == "files":
        middle = len(content) // 2
        return [(path, middle, content[middle:middle + size])] if size < middle else []
    headers = re.finditer(rb"X-Maildrill-Id: [^\r\n]+", content)
    bodies = [re.compile(rb"\r?\n\r?\n").search(content, header.end()) for header in headers]
    starts = [body.end() for body in bodies if body and body.end() + size < len(content)]
    return [(path, start, content[start:start + size]) for start in starts]

def change(path, place, old):
    new = bytes(byte ^ dice.randint(1, 255) for byte in old)
    with open(path, "r+b", buffering=0) as file:
        times = os.fstat(file.fileno())
        os.pwrite(file.fileno(), new, place)
        os.utime(file.fileno(), ns=(times.st_atime_ns, times.st_mtime_ns))
    done.append([path, [times.st_ino, times.st_size], place, old.hex(), new.hex()])

for folder, _, names in os.walk("/v"):
    for path in (os.path.join(folder, name) for name in names):
        with contextlib.suppress(FileNotFoundError):  # the server goes on: mail comes and leaves
            places += look_at(path) if os.path.isfile(path) and not os.path.islink(path) else []
dice, done = random.Random(seed), []
if what == "files":
    drawn = sorted(places, key=lambda one: (-one[1], one[0]))
else:
    drawn = dice.sample(sorted(places), len(places))
for one in drawn:
    with contextlib.suppress(FileNotFoundError):
        if len(done) < count:
            change(*one)
print(json.dumps(done))
"""
PLACES = r"""
import contextlib, json, os, sys
act, places, corrupt, now = sys.argv[1], json.loads(sys.argv[2]), 0, {}

def same(path, inode, size):
    return os.path.relpath(path, "/v").split("/")[0], inode, size

for folder, _, names in os.walk("/v"):
    for path in (os.path.join(folder, name) for name in names):
        with contextlib.suppress(FileNotFoundError):
            status = os.lstat(path)
            now[same(path, status.st_ino, status.st_size)] = path
for known, file, place, old, new in places:
    for path in {known, now.get(same(known, *file), known)}:  # mail that is read, or tried again, has another name
        with contextlib.suppress(FileNotFoundError), open(path, "r+b", buffering=0) as file:
            if os.pread(file.fileno(), len(new) // 2, place).hex() == new:
                corrupt += 1
                if act == "mend":
                    os.pwrite(file.fileno(), bytes.fromhex(old), place)
print(corrupt)
"""


class CorruptBytesParameters(VolumeParameters):
    """What and how much is corrupted, and on which of the target's volumes."""

    what: Literal["messages", "files"] = Field(
        "messages", description="messages: of the drill, at the beginning of the body; files: any, in the middle"
    )
    count: int = Field(5, ge=1, le=1000, description="how many messages, drawn at random, or files, the largest")
    size: int = Field(64, ge=1, le=1024, description="how many bytes of each, bytes")


@dataclass
class CorruptBytes(VolumeFault):
    """Bit rot: bytes of stored messages or files are other bytes now; sizes and times are unchanged.

    No mail server notices, as none checks bodies; the reader of the drill does, by its hash of every body.
    Messages are those of the drill, found by their header. Files are for what keeps no plain messages, such as a
    backup repository.
    """

    kind = "corrupt-bytes"
    Parameters = CorruptBytesParameters
    stands_for = (
        "a disk that returns wrong data, a RAID write hole, memory without ECC, a bug in firmware. CERN's disk "
        "servers: a study of 2007 wrote and read again, and found files that had changed without any error"
    )

    _places: list[Any] = field(default_factory=list)

    def inject(self) -> None:
        """Overwrite bytes of messages; a second call changes nothing. Raises RuntimeError if there is nothing."""
        if self._places:
            return
        asked = self.asked
        self._places = json.loads(self._python(CORRUPT, asked.count, asked.size, self.number, asked.what))
        if not self._places:
            raise RuntimeError(f"no {asked.what} to corrupt on the volumes of {self.target.name}")

    def heal(self) -> None:
        """Put the right bytes back, as a repair from a good replica does, also in a file that has another name now.

        Where the file is gone, nothing.
        """
        self._python(PLACES, "mend", json.dumps(self._places))

    def effect(self) -> tuple[bool, str]:
        """Another container that mounts the volumes reads the wrong bytes in at least one place."""
        if not self._places:
            return False, "nothing was corrupted yet"
        corrupt = int(self._python(PLACES, "look", json.dumps(self._places)))
        return corrupt > 0, f"places with wrong bytes: {corrupt}"

    def recovered(self) -> tuple[bool, str]:
        """It reads no wrong bytes any more, and all services answer."""
        corrupt, seen = self.effect()
        return (False, seen) if corrupt else super().recovered()

    def _python(self, script: str, *arguments: object) -> str:
        return self.on_volumes(shlex.join(["python3", "-c", script, *map(str, arguments)]))
