"""Writes the journal: append-only lines, each batch followed by a seal.

A seal holds the CRC-32 of every byte of the file before it, so a reader can tell how far the file
is whole. Each batch goes to the kernel at once (a SIGKILL of the harness loses nothing written) and
to the disk once a second.

A disk that is full or broken must not keep a fault from being healed: writing never raises. The first failure is
remembered as ``problem``, and what comes after it is left out: the journal is whole up to there, and ends.
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
        self.problem = ""
        """A sentence that says why the journal could not be written; empty as long as it could be."""

    def write(self, *events: Event) -> None:
        """Append events as one sealed batch. Never raises: see ``problem``."""
        self.write_lines(event.line() for event in events)

    def write_lines(self, lines: Iterable[str]) -> None:
        """Append finished event lines as one sealed batch."""
        batch = list(lines)
        if not batch:
            return
        body = ("\n".join(batch) + "\n").encode()
        with self._lock:
            if self._fd < 0 or self.problem:
                return
            crc = zlib.crc32(body, self._crc)
            seal = f'{{"e":"seal","lines":{len(batch)},"crc":"{crc:08x}"}}\n'.encode()
            try:
                self._append(body + seal)
                self._sync(time.monotonic())
            except OSError as failure:
                self._fail(failure)
            self._crc = zlib.crc32(seal, crc)

    def _append(self, data: bytes) -> None:
        """All of it: a disk that is nearly full takes the beginning and says nothing."""
        while data:
            data = data[os.write(self._fd, data) :]

    def _sync(self, now: float) -> None:
        if now - self._synced >= SYNC_EVERY_S:
            os.fdatasync(self._fd)
            self._synced = now

    def _fail(self, failure: OSError) -> None:
        why = failure.strerror or str(failure)
        self.problem = (
            self.problem or f"the journal could not be written: {self.path}: {why}; mend that and drill again"
        )

    def close(self) -> None:
        """Sync and close; later writes are ignored. Closing twice is harmless. Never raises: see ``problem``."""
        with self._lock:
            if self._fd < 0:
                return
            try:
                os.fsync(self._fd)
            except OSError as failure:
                self._fail(failure)
            os.close(self._fd)
            self._fd = -1
