"""dependency-slow: what mail depends on answers, but late."""

from __future__ import annotations

from pydantic import Field

from maildrill.faults.network.delay import Delay, DelayParameters
from maildrill.scenario.units import Duration


class DependencySlow(Delay):
    """Every request to the target takes so much longer: a directory, SQL server, filter or key server under load.

    Made as a delay of the packets that arrive at it, so it needs to know nothing of the protocol; opening a
    connection is late too.
    """

    kind = "dependency-slow"
    stands_for = (
        "a directory without an index, a spam filter waiting for a block list, a database on a slow disk. rspamd "
        "#424: mail was deferred (4.7.1) because the virus scanner behind the filter timed out"
    )

    class Parameters(DelayParameters):
        """How late, and what."""

        delay: Duration = Field(2.0, ge=0.02, le=30, description="how much later each request arrives, s")
