"""freeze: every process of the node stops being scheduled; its kernel still answers TCP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from docker.errors import APIError

from maildrill.faults.fault import Fault

FREEZING_S = 5.0
AGAIN_AFTER_S = 0.05


class Freeze(Fault):
    """A hung server: connections are still accepted by the kernel, and nobody answers them."""

    kind = "freeze"
    needs = ("freezer",)
    stands_for = "a hung hypervisor, a host out of memory and swapping, a stuck storage path"

    def inject(self) -> None:
        """Pause the container; pausing a paused one changes nothing. Raises APIError if it cannot be paused."""
        pause(self.target.container)

    def heal(self) -> None:
        """Unpause the container if it is paused."""
        resume(self.target.container)


def pause(container: Any) -> None:
    """Pause a container, unless it is paused.

    A kernel cannot freeze processes faster than a busy node makes new ones, and the engine gives up ("unable to
    freeze") within a third of a second: asked again for FREEZING_S, then its answer is raised (APIError).
    """
    until = time.monotonic() + FREEZING_S
    while True:
        container.reload()
        if container.status == "paused":
            return
        try:
            container.pause()
        except APIError:
            if time.monotonic() > until:
                raise
            time.sleep(AGAIN_AFTER_S)


def resume(container: Any) -> None:
    """Unpause a container, if it is paused."""
    container.reload()
    if container.status == "paused":
        try:
            container.unpause()
        except APIError:
            container.reload()
            if container.status == "paused":
                raise


@contextmanager
def held_still(container: Any) -> Iterator[None]:
    """A running container writes nothing meanwhile: what is copied is of one moment, as in a snapshot.

    A copy of files that a server goes on writing may be one that no server can read.
    """
    container.reload()
    if container.status != "running":
        yield
        return
    pause(container)
    try:
        yield
    finally:
        resume(container)
