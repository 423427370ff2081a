"""What the servers themselves said: their logs are kept.

What the proxies noticed, and which server they gave how many sessions, goes to the journal.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from maildrill.cluster.backends import CONFIGURATION
from maildrill.cluster.engine import ENGINE_FAILURES
from maildrill.cluster.files import read_file
from maildrill.cluster.node import RunningNode
from maildrill.cluster.up import RunningCluster
from maildrill.drill.detections import detections
from maildrill.drill.served import served
from maildrill.journal.writer import JournalWriter

READERS = 4


def keep_logs(cluster: RunningCluster, folder: Path, journal: JournalWriter, wall: str) -> list[str]:
    """Write every node's log into ``folder``/logs; which could not be read, and why.

    ``wall`` is the ISO 8601 time at which the drill's clock was 0. The vantage keeps no log, and a node
    of an attached system has none that could be seen.
    """

    def keep(node: RunningNode) -> str:
        try:
            log = node.container.logs(timestamps=True)
            (folder / "logs").mkdir(exist_ok=True)
            (folder / "logs" / f"{node.name}.log").write_bytes(log)
        except ENGINE_FAILURES as problem:
            return f"{node.name}: {problem}"
        return told(node, log.decode(errors="replace")) if "proxy" in node.roles else ""

    def told(node: RunningNode, log: str) -> str:
        problem, configuration = "", ""
        try:
            configuration = read_file(node.container, CONFIGURATION).decode(errors="replace")
        except ENGINE_FAILURES as error:
            problem = f"{node.name}: which of its servers are backups is not known: {error}"
        for event in (*detections(node.name, log, wall), *served(node.name, log, configuration, wall)):
            journal.write(event)
        return problem

    silent = (None, cluster.vantage.container)
    with ThreadPoolExecutor(READERS) as pool:
        problems = pool.map(keep, [node for node in cluster.nodes.values() if node.container not in silent])
        return [problem for problem in problems if problem]
