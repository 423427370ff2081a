"""When something in the cluster noticed what had happened: read from the logs of the proxies.

HAProxy says when one of its servers is down or up again, or is drained because somebody asked for it;
keepalived says when it takes the floating address. The log's times are the engine's wall clock; the drill's
one wall-clock time anchors them, so they are as good as the two clocks agree (one machine: the same clock).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from maildrill.journal.events import Node

LINE = re.compile(r"^(?P<at>\S+?)(?P<fraction>\.\d+)?Z (?P<text>.*)$", re.MULTILINE)
SERVER = re.compile(r"^(?:Backup )?Server (?P<what>\S+/(?P<node>\S+)) is (?P<state>DOWN|UP)\b")
DRAINED = re.compile(
    r"^(?:Backup )?Server (?P<what>\S+/(?P<node>\S+)) (?:enters drain state|remains in forced drain mode)\b"
)
ADDRESS = re.compile(r"\((?P<what>\S+)\) Entering (?P<state>MASTER) STATE")


def detections(proxy: str, log: str, wall: str) -> Iterator[Node]:
    """Node events of what a proxy noticed; ``wall`` is the ISO 8601 time at which the drill's clock was 0."""
    zero = datetime.fromisoformat(wall)
    for line in LINE.finditer(log):
        at = datetime.fromisoformat(line["at"] + "+00:00")
        t = round((at - zero).total_seconds() + float(line["fraction"] or 0), 6)
        if found := SERVER.search(line["text"]):
            yield Node(t, found["node"], "down" if found["state"] == "DOWN" else "up", f"proxy: {found['what']}")
        elif found := DRAINED.search(line["text"]):
            yield Node(t, found["node"], "drained", f"admin: {found['what']}")
        elif found := ADDRESS.search(line["text"]):
            yield Node(t, proxy, "holds-address", f"proxy: {found['what']}")
