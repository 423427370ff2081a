"""Writes the journal: append-only lines, each batch followed by a seal.

A seal holds the CRC-32 of every byte of the file before it, so a reader can tell how far the file
is whole. Each batch goes to the kernel at once (a SIGKILL of the harness loses nothing written) and
to the disk once a second.
"""

from __future__ import annotations

import os
import threading
import time
import zlib
from collections.abc import Iterable
from pathlib import Path

from maildrill.journal.event import Event

SYNC_EVERY_S = 1.0


class JournalWriter:
    """The one writer of a drill's journal; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        self._crc = 0
        self._synced = time.monotonic()
        self._lock = threading.Lock()

    def write(self, *events: Event) -> None:
        """Append events as one sealed batch."""
        self.write_lines(event.line() for event in events)

    def write_lines(self, lines: Iterable[str]) -> None:
        """Append finished event lines as one sealed batch."""
        batch = list(lines)
        if not batch:
            return
        body = ("\n".join(batch) + "\n").encode()
        with self._lock:
            if self._fd < 0:
                return
            crc = zlib.crc32(body, self._crc)
            seal = f'{{"e":"seal","lines":{len(batch)},"crc":"{crc:08x}"}}\n'.encode()
            os.write(self._fd, body + seal)
            self._crc = zlib.crc32(seal, crc)
            self._sync(time.monotonic())

    def _sync(self, now: float) -> None:
        if now - self._synced >= SYNC_EVERY_S:
            os.fdatasync(self._fd)
            self._synced = now

    def close(self) -> None:
        """Sync and close; later writes are ignored. Closing twice is harmless."""
        with self._lock:
            if self._fd >= 0:
                os.fsync(self._fd)
                os.close(self._fd)
                self._fd = -1
