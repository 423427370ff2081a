"""The vantage agent: JSON commands on stdin, journal events and replies on stdout.

Started inside the vantage container as ``python3 -m maildrill.traffic.agent``. The end of stdin
ends the process at once.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
from typing import Any

from maildrill.traffic.checks import check, ready
from maildrill.traffic.emitter import Emitter
from maildrill.traffic.vantage import Vantage

LINE_LIMIT = 4 * 1024 * 1024


class Agent:
    """Dispatches commands; one method ``do_<command>`` each, run as a task of its own."""

    def __init__(self, emitter: Emitter) -> None:
        self._emitter = emitter
        self._vantage: Vantage | None = None
        self._domain = "."
        self._tasks: set[asyncio.Task[None]] = set()

    def handle(self, line: bytes) -> None:
        """Begin one command; commands begin in the order they came."""
        arrived = time.monotonic()
        try:
            command: dict[str, Any] = json.loads(line)
            name = str(command["cmd"])
        except (ValueError, KeyError, TypeError) as error:
            self._emitter.reply("error", cmd="", detail=f"not a command: {error}")
            return
        if name == "ping":
            self._emitter.reply("pong", n=command.get("n"), mono=arrived)
            return
        task = asyncio.create_task(self._run(name, command))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, name: str, command: dict[str, Any]) -> None:
        work = getattr(self, "do_" + name.replace("-", "_"), None)
        try:
            if work is None:
                raise LookupError(f"no such command: {name}")
            await work(command)
        except Exception as error:
            self._emitter.reply("error", cmd=name, detail=f"{type(error).__name__}: {error}")

    @property
    def _configured(self) -> Vantage:
        if self._vantage is None:
            raise RuntimeError("not configured")
        return self._vantage

    async def do_clock(self, command: dict[str, Any]) -> None:
        """From now on event times are monotonic time plus ``offset`` s."""
        self._emitter.offset = float(command["offset"])

    async def do_ready(self, command: dict[str, Any]) -> None:
        """Wait for ports."""
        await ready(self._emitter, command["checks"], float(command["deadline"]))

    async def do_check(self, command: dict[str, Any]) -> None:
        """Look at one port once."""
        domain = command.get("domain") or self._domain
        outcome, detail = await check(
            command["host"], int(command["port"]), command["protocol"], float(command["timeout"]), domain
        )
        self._emitter.reply("check", n=command["n"], outcome=outcome, detail=detail)

    async def do_attempt(self, command: dict[str, Any]) -> None:
        """One transaction of one service, outside of all schedules and of the journal."""
        ok, seconds, error = await self._configured.attempt(command["service"], float(command["deadline"]))
        self._emitter.reply("attempt", n=command["n"], ok=ok, seconds=round(seconds, 6), error=error)

    async def do_config(self, command: dict[str, Any]) -> None:
        """Who and what this drill is about."""
        self._domain = command["domain"]
        self._vantage = Vantage(self._emitter, command)

    async def do_start(self, command: dict[str, Any]) -> None:
        """Sink, readers, probes."""
        await self._configured.start()
        self._emitter.reply("started")

    async def do_offer(self, command: dict[str, Any]) -> None:
        """Senders begin."""
        self._configured.offer()

    async def do_stop_offering(self, command: dict[str, Any]) -> None:
        """Senders end; retries continue."""
        self._configured.stop_offering()

    async def do_give_up(self, command: dict[str, Any]) -> None:
        """Retries end."""
        await self._configured.give_up(float(command["deadline"]))
        self._emitter.reply("gave-up")

    async def do_stop_probes(self, command: dict[str, Any]) -> None:
        """Probes end."""
        await self._configured.stop_probes()
        self._emitter.reply("probes-stopped")

    async def do_census(self, command: dict[str, Any]) -> None:
        """The final look at every mailbox."""
        await self._configured.census(float(command["deadline"]))
        self._emitter.reply("census-done")

    async def do_quit(self, command: dict[str, Any]) -> None:
        """End the process."""
        self._emitter.flush()
        os._exit(0)


async def serve() -> None:
    """Read commands until stdin ends, then exit at once."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=LINE_LIMIT)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    emitter = Emitter()
    agent = Agent(emitter)
    while line := await reader.readline():
        if line.strip():
            agent.handle(line)
    emitter.flush()
    os._exit(0)


def main() -> None:
    """Run on uvloop if it is there."""
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    for name in ("asyncio", "mail.log", "mail.debug"):
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        import uvloop

        uvloop.install()
    except ImportError:
        pass
    asyncio.run(serve())


if __name__ == "__main__":
    main()
