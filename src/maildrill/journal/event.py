"""What every event of the journal has: a kind, a moment, and a form as one JSON line.

``e`` is its kind, ``t`` the moment it is about, in seconds on the drill's one monotonic clock,
counted from the start of the drill. Standard library only, as the other modules of events are:
they run in the vantage container too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar

_ENCODE = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events; ``t`` in seconds since the start of the drill. Events have no bases but this one."""

    kind: ClassVar[str] = ""
    t: float

    def line(self) -> str:
        """This event as one JSON line, without the newline."""
        return _ENCODE({"e": self.kind, "t": self.t, **{name: getattr(self, name) for name in self.__slots__}})
