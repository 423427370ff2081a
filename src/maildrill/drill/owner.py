"""The hands of an attached system's owner: commands, HTTP calls, a person; and the list of what is owed.

A hook's environment lacks the passwords of the mail accounts, and what a hook says is written down
without them.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

from maildrill.cluster.attached import AttachedCluster, Hook, Http
from maildrill.drill.person import await_person
from maildrill.drill.web import CallFailed, call, in_url

MOST_OUTPUT = 500
LOOK_EVERY_S = 0.1
"""How soon a command that was called off is ended."""
LIST = "to-heal"
HEADING = "# Faults that may still be in force, and how each is undone. If no drill runs any more: do it.\n"


class HookFailed(RuntimeError):
    """A hook did not do what it should; the message says why."""


class OwnersHands:
    """Carries out the hooks of one drill. ``over`` is set when the drill ends: then only undoing goes on."""

    def __init__(
        self, model: AttachedCluster, secrets: dict[str, str], folder: Path, say: Callable[[str], None]
    ) -> None:
        self._secrets, self._folder, self._say = secrets, folder, say
        self._passwords = {account.password_env for account in model.accounts}
        self._owed: dict[str, str] = {}
        self._lock = threading.Lock()
        self.over = threading.Event()

    def carry_out(
        self,
        hook: Hook,
        about: dict[str, str],
        seen: Callable[[], bool],
        undoing: bool,
        called_off: threading.Event | None = None,
    ) -> None:
        """Do it within its deadline. A command is ended once it is ``called_off``.

        Raises HookFailed, or WaitTimeout if a person did not confirm.
        """
        if hook.run is not None:
            self._run(hook.run, about, hook.deadline, called_off or threading.Event())
        elif hook.http is not None:
            self._call(hook.http, hook.deadline)
        else:
            confirm = self._folder / "confirm"
            self._say(f"PLEASE: {hook.ask}  (then press Enter, or create the file {confirm})")
            await_person(confirm, hook.deadline, threading.Event() if undoing else self.over, seen)

    def _run(self, command: str, about: dict[str, str], deadline: float, called_off: threading.Event) -> None:
        """In a session of its own: a Ctrl-C that ends the drill does not reach it."""
        if called_off.is_set():
            raise HookFailed(f"was not begun, because it is to be undone: {command}")
        environment = {name: value for name, value in os.environ.items() if name not in self._passwords}
        process = subprocess.Popen(
            ["/bin/sh", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=environment | about, start_new_session=True,
        )  # fmt: skip
        output = _output(process, deadline, called_off)
        if output is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            late = f"did not end within {deadline:g} s"
            why = "was to be undone before it ended" if called_off.is_set() else late
            raise HookFailed(f"{why}, and was killed: {command}")
        if process.returncode:
            raise HookFailed(f"exit code {process.returncode}: {self._clean(output.decode(errors='replace'))}")

    def _call(self, http: Http, deadline: float) -> None:
        try:
            status, said = call(http, self._secrets, deadline)
        except CallFailed as problem:
            raise HookFailed(self._clean(f"{http.method} {http.url}: {problem}")) from None
        if not re.fullmatch(http.expect.replace("x", "[0-9]"), str(status)):
            raise HookFailed(self._clean(f"{http.method} {http.url}: status {status}, not {http.expect}: {said}"))

    def _clean(self, text: str) -> str:
        for secret in self._secrets.values():
            text = text.replace(secret, "***").replace(in_url(secret), "***")
        return text.strip()[-MOST_OUTPUT:]

    def owe(self, name: str, hook: Hook, about: dict[str, str]) -> None:
        """Put it on the list, on the disk, before the fault is injected."""
        settings = " ".join(f"{key}={shlex.quote(value)}" for key, value in about.items())
        text = f"env {settings} sh -c {shlex.quote(hook.run)}" if hook.run is not None else f"# {hook}"
        with self._lock:
            self._owed[name] = text
            self._write()

    def settle(self, name: str) -> None:
        """Take it off the list; the file goes with the last one."""
        with self._lock:
            if self._owed.pop(name, None) is not None:
                self._write()

    def owed(self) -> list[str]:
        """What must still be undone."""
        return list(self._owed)

    def _write(self) -> None:
        path = self._folder / LIST
        if not self._owed:
            path.unlink(missing_ok=True)
            return
        new = path.with_suffix(".new")
        with new.open("w", encoding="utf-8") as file:
            file.write(HEADING + "".join(f"# {name}\n{how}\n" for name, how in self._owed.items()))
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)


def _output(process: subprocess.Popen[bytes], deadline: float, called_off: threading.Event) -> bytes | None:
    """What a command says; None if it has not ended within ``deadline`` s, or when it is called off."""
    until = time.monotonic() + deadline
    while (left := until - time.monotonic()) > 0 and not called_off.is_set():
        try:
            return process.communicate(timeout=min(LOOK_EVERY_S, left))[0]
        except subprocess.TimeoutExpired:
            continue
    return None
