"""Files on their way into a container."""

from __future__ import annotations

import io
import tarfile

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
