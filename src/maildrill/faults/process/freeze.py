"""freeze: every process of the node stops being scheduled; its kernel still answers TCP."""

from __future__ import annotations

import time

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
        """Pause the container; pausing a paused one changes nothing.

        A kernel cannot freeze processes faster than a busy node makes new ones, and the engine gives up ("unable to
        freeze") within a third of a second: asked again for FREEZING_S, then its answer is raised.
        """
        until = time.monotonic() + FREEZING_S
        while True:
            self.target.container.reload()
            if self.target.container.status == "paused":
                return
            try:
                self.target.container.pause()
            except APIError:
                if time.monotonic() > until:
                    raise
                time.sleep(AGAIN_AFTER_S)

    def heal(self) -> None:
        """Unpause the container if it is paused."""
        self.target.container.reload()
        if self.target.container.status == "paused":
            try:
                self.target.container.unpause()
            except APIError:
                self.target.container.reload()
                if self.target.container.status == "paused":
                    raise
