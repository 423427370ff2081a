"""Files on their way into a container, and out of one."""

from __future__ import annotations

import io
import tarfile
from typing import Any

CERTIFICATE = "/etc/ssl/maildrill/cert.pem"
KEY = "/etc/ssl/maildrill/key.pem"


def archive(files: dict[str, bytes]) -> bytes:
    """A tar for put_archive("/"): files of root, keys readable by root only."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode = len(content), 0o600 if path.endswith("key.pem") else 0o644
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def read_file(container: Any, path: str) -> bytes:
    """A file of a container, running or not. Raises APIError if it is not there."""
    stream, _ = container.get_archive(path)
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as tar:
        file = tar.extractfile(tar.getmembers()[0])
        return file.read() if file else b""
