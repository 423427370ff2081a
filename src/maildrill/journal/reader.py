"""Reads a journal as far as it is whole: only bytes under a valid seal count.

A seal names the CRC-32 of every byte before it, so a torn, cut or altered tail is told from a whole
file without trusting anything in the tail.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from pathlib import Path

SEAL_START = b'{"e":"seal"'


@dataclass(frozen=True)
class Journal:
    """What may be believed. ``lines``: the sealed event lines, seals taken out.

    ``sealed_bytes``: how many bytes of the file are under a valid seal. ``whole``: the file ends in a
    valid seal and the drill reached its end. ``problem`` says why not, empty if whole.
    """

    whole: bool
    sealed_bytes: int
    problem: str
    lines: bytes


def _seal(line: bytes) -> tuple[int, int] | None:
    try:
        seal = json.loads(line)
        return int(seal["lines"]), int(seal["crc"], 16)
    except (ValueError, KeyError, TypeError):
        return None


def _next_seal(data: bytes, at: int) -> int:
    """Where the next seal line begins at or after ``at``; -1 if there is none."""
    if data.startswith(SEAL_START, at):
        return at
    found = data.find(b"\n" + SEAL_START, at)
    return found + 1 if found >= 0 else -1


def parse_journal(data: bytes) -> Journal:
    """The sealed prefix of a journal's bytes. Never raises, whatever the bytes are."""
    batches: list[bytes] = []
    at, crc, problem = 0, 0, ""
    while at < len(data):
        start = _next_seal(data, at)
        stop = data.find(b"\n", start) if start >= 0 else -1
        if stop < 0:
            problem = f"{len(data) - at} bytes after byte {at} are not sealed"
            break
        body, seal = data[at:start], _seal(data[start:stop])
        crc = zlib.crc32(body, crc)
        if seal is None or seal != (body.count(b"\n"), crc):
            problem = f"the seal at byte {start} does not match the bytes before it"
            break
        crc = zlib.crc32(data[start : stop + 1], crc)
        batches.append(body)
        at = stop + 1
    if not problem and not _ended(batches):
        problem = "the drill did not reach its end" if batches else "the journal is empty"
    return Journal(not problem, at, problem, b"".join(batches))


def _ended(batches: list[bytes]) -> bool:
    if not batches:
        return False
    last = batches[-1].rstrip(b"\n").rpartition(b"\n")[2]
    try:
        event = json.loads(last)
    except ValueError:
        return False
    return isinstance(event, dict) and event.get("e") == "phase" and event.get("name") == "end"


def read_journal(path: Path) -> Journal:
    """Read a journal file. OSError if it cannot be read at all."""
    return parse_journal(path.read_bytes())
