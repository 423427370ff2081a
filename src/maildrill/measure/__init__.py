"""From the journal to numbers: ledger, services, times, verdict."""

from maildrill.measure.measure import measure
from maildrill.measure.result import Result

__all__ = ["Result", "measure"]
