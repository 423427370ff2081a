"""A clock of its own for a node, which a fault can set: all programs of the node are told the time by libfaketime.

The kernel has one wall clock for all containers (time namespaces do not cover it), so the C
library's answer is changed instead. The library comes from the helper's image and is loaded by
/etc/ld.so.preload, which no daemon can drop from its environment. Times of files stay real.
"""

from __future__ import annotations

import functools
from collections.abc import Collection
from typing import Any

from maildrill.cluster.files import read_file

LIBRARY = "/usr/lib/libfaketime.so.1"
OFFSET_FILE = "/etc/faketimerc"
NO_OFFSET = b"+0\n"
ENVIRONMENT = {
    "FAKETIME_NO_CACHE": "1",  # the file is read at each look at the clock: a step is seen at once
    "FAKETIME_DONT_FAKE_MONOTONIC": "1",
}


class Clocks:
    """Which nodes get a clock of their own, and what that takes."""

    def __init__(self, client: Any, helper_image: str, session: str, names: Collection[str] = ()) -> None:
        self._client, self._image, self._names = client, helper_image, names
        self._labels = {"maildrill": "drill", "maildrill.session": session}

    def files(self, name: str) -> dict[str, bytes]:
        """Path in the container -> content, for one node."""
        if name not in self._names:
            return {}
        preload = f"{LIBRARY}\n".encode()
        return {LIBRARY: self._library, "/etc/ld.so.preload": preload, OFFSET_FILE: NO_OFFSET}

    def environment(self, name: str) -> dict[str, str]:
        """The container's environment, for one node."""
        return ENVIRONMENT if name in self._names else {}

    @functools.cached_property
    def _library(self) -> bytes:
        container = self._client.containers.create(self._image, ["true"], network_mode="none", labels=self._labels)
        try:
            return read_file(container, LIBRARY)
        finally:
            container.remove(force=True)
