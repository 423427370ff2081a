"""Finds messages where no reader looks: on the volumes of nodes, alive or dead.

Reads volumes through the engine's archive call, which works for running, frozen and dead nodes.
"""

from __future__ import annotations

import re
from typing import Any

from docker.errors import APIError

from maildrill.journal.events import Held

MESSAGE_ID = re.compile(rb"X-Maildrill-Id: ([0-9a-z]+-[a-z]+-\d+)")
"""Ends at the digits: in Postfix's queue files the next record's type letter follows without a break."""


def look(node: Any, volume: str, now: float) -> Held:
    """The messages on one volume of one node."""
    try:
        node.container.reload()
        stream, _ = node.container.get_archive(node.volumes[volume][1])
        content = b"".join(stream)
    except (APIError, OSError) as problem:
        return Held(now, node.name, volume, node.container.status, str(problem), [])
    return Held(now, node.name, volume, node.container.status, "", message_ids(content))


def message_ids(content: bytes) -> list[str]:
    """The ids of our messages in the bytes of a queue or a store, sorted, each once."""
    return sorted({found.decode() for found in MESSAGE_ID.findall(content)})
