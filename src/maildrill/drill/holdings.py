"""Finds messages where no reader looks: on the volumes of nodes, alive or dead.

Reads volumes through the engine's archive call, which works for running, frozen and dead nodes.
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from docker.errors import APIError

from maildrill.journal.events import Held

MESSAGE_ID = re.compile(rb"X-Maildrill-Id: ([0-9a-z]+-[a-z]+-\d+)")
"""Ends at the digits: in Postfix's queue files the next record's type letter follows without a break."""

INDEX = re.compile(r"(.*/)?(dovecot[^/]*\.index|cyrus\.(cache|index))[^/]*")
"""Files in which Dovecot and Cyrus keep copies of headers, also of messages that are gone."""


def look_everywhere(nodes: Iterable[Any], stores_too: bool, now: Callable[[], float]) -> Iterator[Held]:
    """What each volume of the nodes holds; without ``stores_too``, of those that keep no mailboxes."""
    for node in nodes:
        for volume in node.volumes:
            if stores_too or "store" not in node.roles:
                yield look(node, volume, now())


def look(node: Any, volume: str, now: float) -> Held:
    """The messages on one volume of one node."""
    try:
        node.container.reload()
        stream, _ = node.container.get_archive(node.volumes[volume][1])
        content = b"".join(stream)
    except (APIError, OSError) as problem:
        return Held(now, node.name, volume, node.container.status, str(problem), [])
    return Held(now, node.name, volume, node.container.status, "", message_ids(messages_in(content)))


def messages_in(archive: bytes) -> bytes:
    """The content of the files of a tar archive that can be messages; all of it, if it is cut."""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            found = [file for file in files if file.isfile() and not INDEX.fullmatch(file.name)]
            return b"\n".join(opened.read() for file in found if (opened := files.extractfile(file)))
    except tarfile.TarError:
        return archive


def message_ids(content: bytes) -> list[str]:
    """The ids of our messages in the bytes of a queue or a store, sorted, each once."""
    return sorted({found.decode() for found in MESSAGE_ID.findall(content)})
