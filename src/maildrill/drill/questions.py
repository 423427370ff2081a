"""Questions about a running cluster that a target may ask when it fires.

They look from outside, with what any Linux image has (cat, grep, stat), so they work for any stack.
"""

from __future__ import annotations

import json
import re
import shlex
import time
from collections.abc import Callable
from typing import Any

from maildrill.checks import account
from maildrill.cluster.engine import ENGINE_FAILURES
from maildrill.errors import EnvironmentProblem
from maildrill.faults import World

PATIENCE_S = 5.0
LOOK_EVERY_S = 0.2
NEWEST = 5
"""Of so many of a user's newest messages one is enough: the last ones may be under way."""

MX = (
    "import dns.resolver, json, sys\n"
    "r = dns.resolver.Resolver(configure=not sys.argv[2]); r.lifetime = 3\n"
    "r.nameservers = [sys.argv[2]] if sys.argv[2] else r.nameservers\n"
    "found = sorted((a.preference, str(a.exchange)) for a in r.resolve(sys.argv[1], 'MX'))\n"
    "print(json.dumps([str(a) for _, name in found for a in r.resolve(name, 'A')]))"
)


class Asked:
    """Answers from the cluster. ``newest``: ids of a mailbox's newest messages that readers saw, newest first."""

    def __init__(self, world: World, newest: Callable[[str], list[str]]) -> None:
        self._world = world
        self._newest = newest

    def holder(self, user: str, among: list[Any]) -> tuple[str, str]:
        """Where the newest message of a user was stored first: the oldest file that holds its id.

        Replicas hold it too, and later; the change time of a file cannot be copied as its other times can.
        """
        mailbox = account(user, self._world.cluster.model) or user

        def look() -> tuple[str, str] | str:
            ids = self._newest(mailbox)[:NEWEST]
            for id in ids:
                stored = {node.name: at for node in among if (at := _stored_at(node, id)) is not None}
                if stored:
                    first = min(stored, key=lambda name: stored[name])
                    others = [name for name in stored if name != first]
                    return first, f"{id} was there first" + (f"; also on {', '.join(others)}" if others else "")
            return f"none of {len(ids)} messages is on a volume" if ids else "no message of the user was seen yet"

        return _patiently(f"a node that holds the mail of {mailbox}", look)

    def owner(self, address: str, among: list[Any]) -> tuple[str, str]:
        """Who has an address on an interface: from the kernel's own table in each node."""
        names = [address] if re.fullmatch(r"[0-9.]+", address) else self._addresses(address, among)

        def look() -> tuple[str, str] | str:
            seen = {node.name: local_addresses(_run(node, "cat /proc/net/fib_trie")) for node in among}
            for name, local in seen.items():
                if local & set(names):
                    return name, f"it has {', '.join(sorted(local & set(names)))}"
            return "; ".join(f"{name} has {', '.join(sorted(local)) or 'none'}" for name, local in seen.items())

        return _patiently(f"a node that has the address {address}", look)

    def _addresses(self, name: str, among: list[Any]) -> list[str]:
        """What a name means to the cluster's own resolver."""
        output = "\n".join(_run(node, f"getent ahostsv4 {shlex.quote(name)}") for node in among)
        found = re.findall(r"^[0-9.]+", output, re.MULTILINE)
        if not found:
            raise EnvironmentProblem(f"no node of the cluster can resolve {name}")
        return found

    def first_answering(self, among: list[Any]) -> tuple[str, str]:
        """The first that answers on all its ports now; MX servers in the order that DNS gives them."""
        ordered = self._by_preference(among) if all("mx" in node.roles for node in among) else among

        def look() -> tuple[str, str] | str:
            said = []
            for node in ordered:
                looks = [self._world.look(node.address, port, protocol) for port, protocol in node.checks]
                said += [text for _, text in looks]
                if looks and all(answers for answers, _ in looks):
                    return node.name, f"of {', '.join(one.name for one in ordered)}; {looks[0][1]}"
            return "; ".join(said)

        return _patiently("a node that answers", look)

    def _by_preference(self, among: list[Any]) -> list[Any]:
        cluster = self._world.cluster
        command = ["python3", "-c", MX, cluster.model.domain, cluster.resolver or ""]
        code, output = cluster.vantage.container.exec_run(command, demux=True)
        if code:
            raise EnvironmentProblem(f"no MX of {cluster.model.domain} found: {(output[1] or b'').decode()[-300:]}")
        order: list[str] = json.loads(output[0])
        return sorted(among, key=lambda node: order.index(node.address) if node.address in order else len(order))


def local_addresses(fib_trie: str) -> set[str]:
    """The addresses of a machine's interfaces, from its /proc/net/fib_trie, without loopback."""
    found = re.findall(r"\|-- ([0-9.]+)\n\s+/32 host LOCAL", fib_trie)
    return {address for address in found if not address.startswith("127.")}


def _stored_at(node: Any, id: str) -> int | None:
    """When (change time, ns since 1970 as far as the node can tell) a file with this id came; None if there is none."""
    paths = " ".join(shlex.quote(path) for _, path in node.volumes.values())
    if not paths:
        return None
    found = _run(node, f"grep -rlF {shlex.quote('X-Maildrill-Id: ' + id)} {paths} | xargs -r stat -c '%.9Z'")
    times = [int(line.replace(".", "")) for line in found.split() if re.fullmatch(r"\d+\.\d{9}", line)]
    return min(times, default=None)


def _run(node: Any, command: str) -> str:
    """Output of a shell command in a node; nothing if it is dead or frozen."""
    try:
        return str(node.container.exec_run(["sh", "-c", command], stderr=False).output.decode(errors="replace"))
    except ENGINE_FAILURES:
        return ""


def _patiently(what: str, look: Callable[[], tuple[str, str] | str]) -> tuple[str, str]:
    """Look until there is an answer. Raises EnvironmentProblem with the last thing seen."""
    until = time.monotonic() + PATIENCE_S
    while True:
        seen = look()
        if isinstance(seen, tuple):
            return seen
        if time.monotonic() > until:
            raise EnvironmentProblem(f"looked {PATIENCE_S:g} s for {what}; last seen: {seen}")
        time.sleep(LOOK_EVERY_S)
