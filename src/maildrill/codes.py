"""The codes of diagnostics: every one there is; docs/diagnostics.md explains each."""

from __future__ import annotations

OUTRANK_FAIL = frozenset((
    "BASELINE_UNHEALTHY", "FAULT_NOT_EFFECTIVE", "PROBES_STARVED", "MACHINE_BUSY", "CLOCKS_APART", "JOURNAL_INCOMPLETE",
    "INTERRUPTED", "DRILL_ERROR",
))  # fmt: skip
"""With these a drill is inconclusive even when an objective was missed."""
OF_A_FAIL = frozenset((
    "OBJECTIVE_MISSED", "NO_FAULT", "HORIZON_TOO_SHORT", "NOT_OBSERVED", "NOT_CLEAN", "HEAL_FAILED",
    "RECOVERY_STEP_FAILED", "STOPPED_EARLY", "CENSUS_INCOMPLETE", "QUEUES_NOT_SEEN", "LEDGER_IDENTITY",
    "BALANCE_NOT_KNOWN", "REPLICAS_NOT_KNOWN",
))  # fmt: skip
"""These a failed drill can have."""
CODES = OUTRANK_FAIL | OF_A_FAIL
