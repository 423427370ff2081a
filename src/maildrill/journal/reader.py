"""Reads a journal as far as it is whole: only bytes under a valid seal count.

A seal names the CRC-32 of every byte before it, earlier seals included. So the last seal alone vouches for
the whole file; only if it does not fit is the file walked, seal by seal, for the longest prefix that is whole.
Nothing is kept in memory: a journal may be larger than that.
"""

from __future__ import annotations

import io
import json
import mmap
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from maildrill.errors import BadInput
from maildrill.journal.events import JOURNAL_VERSION

SEAL_START = b'{"e":"seal"'
BLOCK = 8 << 20
Bytes = bytes | mmap.mmap


@dataclass(frozen=True)
class Journal:
    """What may be believed of ``source``, a file or its bytes.

    ``sealed_bytes``: how many bytes are under a valid seal. ``whole``: the source begins with the start of a
    drill, ends in a valid seal, and the drill reached its end. ``problem`` says why not, empty if whole.
    """

    whole: bool
    sealed_bytes: int
    problem: str
    source: Path | bytes

    def blocks(self) -> Iterator[bytes]:
        """The sealed part in blocks of whole lines, of about 8 MiB; seals are lines like others."""
        with _opened(self.source) as file:
            left = self.sealed_bytes
            while left > 0:
                block = file.read(min(BLOCK, left))
                if not block.endswith(b"\n"):
                    block += file.readline()
                if not block:
                    break
                yield block
                left -= len(block)


def _opened(source: Path | bytes) -> BinaryIO:
    return source.open("rb") if isinstance(source, Path) else io.BytesIO(source)


@contextmanager
def _mapped(path: Path) -> Iterator[Bytes]:
    """A file's bytes without reading them all at once."""
    with path.open("rb") as file:
        if not path.stat().st_size:
            yield b""
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            yield data


def _seal(line: bytes) -> tuple[int, int] | None:
    """(lines, CRC) of a seal line; None if it is not one."""
    try:
        seal = json.loads(line)
        return int(seal["lines"]), int(seal["crc"], 16)
    except (ValueError, KeyError, TypeError):
        return None


def _last_seal(data: Bytes) -> tuple[int, int]:
    """(begin, end) of the last complete seal line; (-1, 0) without one."""
    at = data.rfind(b"\n" + SEAL_START) + 1
    while at > 0:
        stop = data.find(b"\n", at)
        if stop >= 0:
            return at, stop + 1
        at = data.rfind(b"\n" + SEAL_START, 0, at - 1) + 1
    return -1, 0


def _crc(data: Bytes, begin: int, end: int, crc: int) -> int:
    """The CRC of data[begin:end], in steps that a memory map can give back at once."""
    for at in range(begin, end, BLOCK):
        crc = zlib.crc32(data[at : min(at + BLOCK, end)], crc)
        if isinstance(data, mmap.mmap):
            page = at // mmap.PAGESIZE * mmap.PAGESIZE
            data.madvise(mmap.MADV_DONTNEED, page, min(BLOCK, len(data) - page))
    return crc


def _walk(data: Bytes) -> tuple[int, str]:
    """(end of the longest sealed prefix, what stands in the way of more)."""
    at, crc = 0, 0
    while at < len(data):
        start = at if data[at : at + len(SEAL_START)] == SEAL_START else data.find(b"\n" + SEAL_START, at) + 1
        stop = data.find(b"\n", start) if start > 0 else -1
        if stop < 0:
            return at, f"{len(data) - at} bytes after byte {at} are not sealed"
        body = data[at:start]
        crc = zlib.crc32(body, crc)
        if _seal(data[start:stop]) != (body.count(b"\n"), crc):
            return at, f"the seal at byte {start} does not match the bytes before it"
        crc = zlib.crc32(data[start : stop + 1], crc)
        at = stop + 1
    return at, ""


def _sealed(data: Bytes) -> tuple[int, str]:
    """Like ``_walk``, but in one pass if the last seal fits."""
    begin, end = _last_seal(data)
    before = data.rfind(b"\n" + SEAL_START, 0, max(0, begin)) + 1
    batch = data[data.find(b"\n", before) + 1 if before else 0 : max(0, begin)]
    if begin < 0 or _seal(data[begin:end]) != (batch.count(b"\n"), _crc(data, 0, begin, 0)):
        return _walk(data)
    left = len(data) - end
    return end, f"{left} bytes after byte {end} are not sealed" if left else ""


def _ended(data: Bytes, sealed: int) -> bool:
    """Whether the last event under a seal is the end of the drill."""
    seal = data.rfind(b"\n", 0, max(0, sealed - 1))
    line = data[data.rfind(b"\n", 0, max(0, seal)) + 1 : max(0, seal)]
    try:
        event = json.loads(line)
    except ValueError:
        return False
    return isinstance(event, dict) and event.get("e") == "phase" and event.get("name") == "end"


def _started(data: Bytes) -> bool:
    """Whether the first event is the start of a drill. BadInput if it says that another version wrote this."""
    try:
        start = json.loads(data[: data.find(b"\n")])
    except ValueError:
        return False
    if not isinstance(start, dict) or start.get("e") != "start":
        return False
    version = start.get("version")
    if version != JOURNAL_VERSION or type(version) is not int:
        raise BadInput(
            f"the journal has version {version!r}; this maildrill reads version {JOURNAL_VERSION}:"
            " use the one that wrote it"
        )
    return True


def _parse(data: Bytes, source: Path | bytes) -> Journal:
    sealed, problem = _sealed(data)
    if sealed and not _started(data):
        problem = problem or "it does not begin with the start of a drill"
    if not problem and not _ended(data, sealed):
        problem = "the drill did not reach its end" if sealed else "the journal is empty"
    return Journal(not problem, sealed, problem, source)


def parse_journal(data: bytes) -> Journal:
    """The sealed prefix of a journal's bytes. Raises BadInput if another version wrote them, else never."""
    return _parse(data, data)


def read_journal(path: Path) -> Journal:
    """The sealed prefix of a journal file. OSError if it cannot be read, BadInput if another version wrote it."""
    with _mapped(path) as data:
        return _parse(data, path)
