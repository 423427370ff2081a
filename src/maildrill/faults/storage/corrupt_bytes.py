"""corrupt-bytes: bytes of stored messages or files change, and nobody is told."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import Field

from maildrill.faults.storage.volume import VolumeFault, VolumeParameters

CORRUPT = r"""
import base64, json, os, random, re, sys
count, size, seed = map(int, sys.argv[1:4])
what, places = sys.argv[4], []
for folder, _, names in os.walk("/v"):
    for name in names:
        path = os.path.join(folder, name)
        if os.path.isfile(path) and not os.path.islink(path):
            content = open(path, "rb").read()
            if what == "files":
                middle = len(content) // 2
                places += [(path, middle, content[middle:middle + size])] if size < middle else []
                continue
            for header in re.finditer(rb"X-Maildrill-Id: [^\r\n]+", content):
                body = re.compile(rb"\r?\n\r?\n").search(content, header.end())
                if body and body.end() + size < len(content):
                    places.append((path, body.end(), content[body.end():body.end() + size]))
dice, done = random.Random(seed), []
if what == "files":
    drawn = sorted(places, key=lambda one: (-one[1], one[0]))[:count]
else:
    drawn = dice.sample(sorted(places), min(count, len(places)))
for path, place, old in drawn:
    new = bytes(byte ^ dice.randint(1, 255) for byte in old)
    times = os.stat(path)
    with open(path, "r+b", buffering=0) as file:
        os.pwrite(file.fileno(), new, place)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    done.append([path, place, old.hex(), new.hex()])
print(json.dumps(done))
"""
PLACES = r"""
import json, os, sys
act, places, corrupt = sys.argv[1], json.loads(sys.argv[2]), 0
for path, place, old, new in places:
    if os.path.exists(path):
        with open(path, "r+b", buffering=0) as file:
            here = os.pread(file.fileno(), len(new) // 2, place)
            if here.hex() == new:
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
        """Put the right bytes back, as a repair from a good replica does; where the file is gone, nothing."""
        self._python(PLACES, "mend", json.dumps(self._places))

    def effect(self) -> tuple[bool, str]:
        """Another container that mounts the volumes reads the wrong bytes in at least one place."""
        corrupt = int(self._python(PLACES, "look", json.dumps(self._places)))
        return corrupt > 0, f"places with wrong bytes: {corrupt}"

    def recovered(self) -> tuple[bool, str]:
        """It reads no wrong bytes any more, and all services answer."""
        corrupt, seen = self.effect()
        return (False, seen) if corrupt else super().recovered()

    def _python(self, script: str, *arguments: object) -> str:
        return self.on_volumes(shlex.join(["python3", "-c", script, *map(str, arguments)]))
