"""What each server of a proxy served, from the proxy's log: HAProxy's tcplog, a line a session when it ends.

Counted by second, so that a flood of mail is not a flood of events. HAProxy's health checks are no sessions and are
not in it; what the harness itself asks a proxy (is it ready, has a fault's effect come) is. Sessions that are still
open when the log is read, or were when the proxy was killed, are missing. Times are of the proxy's wall clock (UTC).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from maildrill.cluster.backends import configured
from maildrill.drill.detections import LINE
from maildrill.journal.events import Served

SESSION = re.compile(
    r"^\S+:\d+ \[(?P<at>\d+/\w+/\d+:[\d:.]+)\] \S+ "
    r"(?P<backend>[^\s/]+)/(?P<server>\S+) (?P<queued>-?\d+)/(?P<connect>-?\d+)/"
)
NOBODY = "<NOSRV>"


@dataclass
class _Second:
    """Sessions of one server that began in one second of the drill's clock; moments in s."""

    first_taken: float | None = None
    first: float | None = None
    taken: int = 0
    not_taken: int = 0

    def add(self, t: float, taken: bool) -> None:
        if taken:
            self.taken += 1
            self.first_taken = t if self.first_taken is None else min(self.first_taken, t)
        else:
            self.not_taken += 1
            self.first = t if self.first is None else min(self.first, t)

    def moment(self) -> float:
        found = self.first if self.first_taken is None else self.first_taken
        return 0.0 if found is None else round(found, 6)


def served(proxy: str, log: str, configuration: str, wall: str) -> Iterator[Served]:
    """What the servers of a proxy served; ``wall`` is the ISO 8601 time at which the drill's clock was 0."""
    backups = configured(configuration)
    seconds = {(*key, 0): _Second() for key in backups}
    zero = datetime.fromisoformat(wall)
    for line in LINE.finditer(log):
        if found := SESSION.search(line["text"]):
            at = datetime.strptime(found["at"], "%d/%b/%Y:%H:%M:%S.%f").replace(tzinfo=UTC)
            taken = int(found["connect"]) >= 0
            waited = (int(found["queued"]) + int(found["connect"])) / 1000 if taken else 0.0
            t = (at - zero).total_seconds() + waited
            server = "" if found["server"] == NOBODY else found["server"]
            seconds.setdefault((found["backend"], server, int(t)), _Second()).add(t, taken)
    for (backend, server, _), second in seconds.items():
        backup = backups.get((backend, server), False)
        yield Served(second.moment(), proxy, backend, server, backup, second.taken, second.not_taken)
