"""A container with Postfix's smtp-sink (and smtp-source) for the benches of the senders."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from maildrill.cluster.engine import connect
from maildrill.cluster.images import ensure_images
from maildrill.custody.guard import Guard
from maildrill.custody.sweep import remove_session


@contextmanager
def smtp_sink() -> Iterator[tuple[Any, str]]:
    """(container, address); it takes all mail on port 25 and forgets it. Removed at the end."""
    client, session = connect(), secrets.token_hex(4)
    images = ensure_images(client, ["postfix", "helper"])
    guard = Guard(client, images["helper"], session)
    try:
        container = client.containers.run(
            images["postfix"], ["smtp-sink", "-u", "postfix", "0.0.0.0:25", "1024"], detach=True,
            name=f"maildrill-{session}-sink", labels={"maildrill": "drill", "maildrill.session": session},
        )  # fmt: skip
        container.reload()
        (network,) = container.attrs["NetworkSettings"]["Networks"].values()
        yield container, network["IPAddress"]
    finally:
        left = remove_session(client, session)
        guard.release()
        if left:
            raise RuntimeError(f"left behind: {left}")
