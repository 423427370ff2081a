"""Which numbers of a drill are not proven although they can be counted: where nobody looked, 0 is not "none"."""

from __future__ import annotations

from maildrill.measure.result import Result

FOUND_BY_CENSUS = ("corrupt", "misdelivered", "system_duplicates")
NO_CENSUS = "no whole census of mailboxes and volumes"
NO_QUEUES = "no look at the queues"
NOTHING_ACCEPTED = {"latency_p95": "no mail accepted after the timeline began"}
"""Of a drill in which mail was offered then: whoever takes none has no latency, and is not the quicker for it."""


def doubts(result: Result) -> dict[str, str]:
    """Metric -> what was not there that could have proven its number. What a census did find, it proves."""
    found = {f"rta_{name}": "no probe when it mattered" for name, one in result.services.items() if one.rta_s is None}
    if result.rpa.seconds is None:
        found["rpa"] = "no fault known that took the lost mail"
    if not result.rpa.accepted:
        found |= dict.fromkeys(("lost", "rpa"), "no accepted message")
    return found | _unseen_queues(result) | _unseen_mailboxes(result)


def _unseen_queues(result: Result) -> dict[str, str]:
    """Of an attached system: all that is missing may wait in a queue."""
    if not any(text.startswith("queues:") for text in result.not_measured):
        return {}
    unsure = ("lost", "rpa") if result.ledger.lost_all_streams else ()
    return {"held": NO_QUEUES} | dict.fromkeys(unsure, f"{NO_QUEUES}, where missing mail may wait")


def _unseen_mailboxes(result: Result) -> dict[str, str]:
    """Of a drill that ended with a mailbox or a volume that could not be read."""
    if all(one.code != "CENSUS_INCOMPLETE" for one in result.diagnostics):
        return {}
    counts = {"system_duplicates": result.duplicates.system, **result.ledger.model_dump()}
    return dict.fromkeys(("lost", "rpa", "held", *(name for name in FOUND_BY_CENSUS if not counts[name])), NO_CENSUS)
