"""A drill beside a system that is not ours: what it cannot see."""

from __future__ import annotations

from maildrill.cluster.attached import AttachedCluster


def not_measured(model: AttachedCluster) -> list[str]:
    """What cannot be seen of a system that is not ours."""
    found = ["queues: those of an attached system are not looked at; mail that is missing may still wait in one"]
    found += [
        "logs: those of an attached system's servers are not collected",
        "versions: which software an attached system runs is not known",
        "balance: how sessions are shared out stands in the proxies' logs, which are not read",
    ]
    if model.outside is None:
        found.append(f"outbound: the file reads no mail that leaves ({model.where()} has no outside)")
    return found
