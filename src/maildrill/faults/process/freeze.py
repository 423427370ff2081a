"""freeze: every process of the node stops being scheduled; its kernel still answers TCP."""

from __future__ import annotations

from docker.errors import APIError

from maildrill.faults.fault import Fault


class Freeze(Fault):
    """A hung server: connections are still accepted by the kernel, and nobody answers them."""

    kind = "freeze"
    needs = ("freezer",)
    stands_for = "a hung hypervisor, a host out of memory and swapping, a stuck storage path"

    def inject(self) -> None:
        """Pause the container; pausing a paused one changes nothing.

        A busy container sometimes refuses ("unable to freeze"): tried up to three times.
        """
        for last in (False, False, True):
            self.target.container.reload()
            if self.target.container.status == "paused":
                return
            try:
                self.target.container.pause()
            except APIError:
                if last:
                    raise

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
