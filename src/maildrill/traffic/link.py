"""The harness' end of a vantage: commands in, events and answers out, over the Docker API only.

The agent runs as PID 1 of the vantage container; its stdin and stdout are attached. When this
process dies the engine closes the agent's stdin, and the agent ends.
"""

from __future__ import annotations

import json
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from docker.utils.socket import frames_iter

from maildrill.errors import EnvironmentProblem, WaitTimeout

STDOUT = 1
CLOCK_PINGS = 12


@dataclass(frozen=True)
class Attempted:
    """What became of one transaction: success, how long it took (s), what was said if it failed."""

    ok: bool
    seconds: float
    error: str


class VantageLink:
    """Attach to a created vantage container, start it, talk to its agent."""

    def __init__(self, client: Any, container: Any, on_events: Callable[[list[str]], None]) -> None:
        self._client = client
        self._container = container
        self._on_events = on_events
        self._replies: list[dict[str, Any]] = []
        self._arrived = threading.Condition()
        self._closed = ""
        self._stderr = ""
        self._numbers = 0
        self._sending = threading.Lock()

    def start(self) -> None:
        """Attach, start the container, begin to read."""
        params = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
        self._socket = self._client.api.attach_socket(self._container.id, params=params)
        raw = getattr(self._socket, "_sock", self._socket)
        raw.settimeout(None)
        self._raw = raw
        self._container.start()
        threading.Thread(target=self._read, name="vantage", daemon=True).start()

    def _read(self) -> None:
        rest = b""
        try:
            for stream, data in frames_iter(self._socket, tty=False):
                if stream != STDOUT:
                    self._stderr = (self._stderr + data.decode(errors="replace"))[-2000:]
                    continue
                *lines, rest = (rest + data).split(b"\n")
                self._take([line.decode() for line in lines if line])
        except (OSError, ValueError, struct.error) as problem:  # the thread's last words go to whoever waits
            self._close(f"{type(problem).__name__}: {problem}")
        else:
            self._close("the agent ended")

    def _close(self, why: str) -> None:
        with self._arrived:
            self._closed = why
            self._arrived.notify_all()

    def _take(self, lines: list[str]) -> None:
        events = [line for line in lines if line.startswith('{"e":')]
        if events:
            self._on_events(events)
        answers = [json.loads(line) for line in lines if line.startswith('{"reply"')]
        if answers:
            with self._arrived:
                self._replies.extend(answers)
                self._arrived.notify_all()

    @property
    def broken(self) -> str:
        """Why the link is down; empty while it is up."""
        return self._closed

    def send(self, cmd: str, **arguments: Any) -> None:
        """Send one command to the agent."""
        line = json.dumps({"cmd": cmd, **arguments}) + "\n"
        try:
            with self._sending:
                self._raw.sendall(line.encode())
        except OSError as problem:
            raise EnvironmentProblem(f"the vantage cannot be reached ({cmd}): {problem}; {self._stderr}") from problem

    def wait(self, reply: str, deadline: float, **fields: Any) -> dict[str, Any]:
        """Wait at most ``deadline`` s for an answer with these fields.

        Raises WaitTimeout, or EnvironmentProblem if the vantage died.
        """
        until = time.monotonic() + deadline

        def wanted(answer: dict[str, Any]) -> bool:
            return answer["reply"] == reply and all(answer.get(key) == value for key, value in fields.items())

        with self._arrived:
            while True:
                found = next((answer for answer in self._replies if wanted(answer)), None)
                if found is not None:
                    self._replies.remove(found)
                    return found
                failed = next((answer for answer in self._replies if answer["reply"] == "error"), None)
                if failed is not None:
                    raise EnvironmentProblem(f"the vantage could not {failed.get('cmd')}: {failed.get('detail')}")
                if self._closed:
                    raise EnvironmentProblem(f"the vantage died ({self._closed}): {self._stderr}")
                left = until - time.monotonic()
                if left <= 0:
                    last = json.dumps(self._replies[-3:]) + " " + self._stderr
                    raise WaitTimeout(f"answer {reply!r} of the vantage", deadline, last)
                self._arrived.wait(left)

    def check(self, host: str, port: int, protocol: str, timeout: float = 0.4) -> tuple[bool, str]:
        """Look at one server from the vantage: (answers in its protocol, what was seen)."""
        number = self._next()
        self.send("check", n=number, host=host, port=port, protocol=protocol, timeout=timeout)
        answer = self.wait("check", timeout + 10.0, n=number)
        return answer["outcome"] == "ok", f"{host}:{port} {protocol}: {answer['outcome']} {answer['detail']}".strip()

    def attempt(self, service: str, deadline: float = 3.0) -> Attempted:
        """One transaction of a service from the vantage, now; it leaves no trace in the journal."""
        number = self._next()
        self.send("attempt", n=number, service=service, deadline=deadline)
        answer = self.wait("attempt", deadline + 10.0, n=number)
        return Attempted(answer["ok"], answer["seconds"], answer["error"])

    def _next(self) -> int:
        with self._arrived:
            self._numbers += 1
            return self._numbers

    def synchronise(self, zero: float) -> float:
        """Give the agent the drill's clock (``zero``: our monotonic time at its start).

        Returns the remaining error in s (half the shortest round trip).
        """
        best = (float("inf"), 0.0)
        for number in range(CLOCK_PINGS):
            sent = time.monotonic()
            self.send("ping", n=number)
            theirs = self.wait("pong", 10.0, n=number)["mono"]
            trip = time.monotonic() - sent
            best = min(best, (trip, sent + trip / 2 - theirs))
        error, difference = best[0] / 2, best[1]
        same_clock = abs(difference) <= error
        self.send("clock", offset=(0.0 if same_clock else difference) - zero)
        return 0.0 if same_clock else error

    def close(self) -> None:
        """End the agent; closing twice is harmless."""
        try:
            self.send("quit")
            self._socket.close()
        except (OSError, EnvironmentProblem, AttributeError):
            pass
