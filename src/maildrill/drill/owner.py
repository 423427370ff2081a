"""The hands of an attached system's owner: commands, HTTP calls, a person; and the list of what is owed.

A hook's environment lacks the passwords of the mail accounts, and what a hook says is written down
without secrets. An HTTP call goes where the file says and nowhere else: no redirect is followed.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import textwrap
import threading
import time
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.request import HTTPErrorProcessor, Request, build_opener

from maildrill.cluster.attached import AttachedCluster, Hook, Http
from maildrill.cluster.confidential import REFERENCE, without_secrets
from maildrill.drill.person import await_person

MOST_OUTPUT = 500
LOOK_EVERY_S = 0.1
"""How soon a command that was called off is ended."""
MOST_READ = 64 * 1024
"""So much is read of an answer that is not the expected one, so that no secret is cut where it is shortened."""
LIST = "to-heal"
HEADING = "# Faults that may still be in force, and how each is undone. If no drill runs any more: do it.\n"


class HookFailed(RuntimeError):
    """A hook did not do what it should; the message says why."""


class _AsItCame(HTTPErrorProcessor):
    """Every answer is an answer, whatever its status: none raises, and a redirect leads nowhere."""

    def http_response(self, request: Request, response: HTTPResponse) -> HTTPResponse:
        """The answer."""
        return response

    https_response = http_response


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
    ) -> str:
        """Do it within its deadline; what is said of it, without secrets. A command is ended once it is ``called_off``.

        Raises HookFailed, or WaitTimeout if a person did not confirm.
        """
        if hook.run is not None:
            return self._run(hook.run, about, hook.deadline, called_off or threading.Event())
        if hook.http is not None:
            return self._call(hook.http, hook.deadline)
        confirm = self._folder / "confirm"
        self._say(f"PLEASE: {hook.ask}  (then press Enter, or create the file {confirm})")
        return self._clean(await_person(confirm, hook.deadline, threading.Event() if undoing else self.over, seen))

    def _run(self, command: str, about: dict[str, str], deadline: float, called_off: threading.Event) -> str:
        """In a session of its own: a Ctrl-C that ends the drill does not reach it."""
        if called_off.is_set():
            raise HookFailed(f"was not begun, because it is to be undone: {self._clean(command)}")
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
            raise HookFailed(f"{why}, and was killed: {self._clean(command)}")
        said = f"exit code {process.returncode}: {self._clean(output.decode(errors='replace'))[-MOST_OUTPUT:]}"
        if process.returncode:
            raise HookFailed(said)
        return said

    def _call(self, call: Http, deadline: float) -> str:
        about = f"{call.method} {call.url}"
        try:
            with build_opener(_AsItCame).open(self._request(call), timeout=deadline) as answer:
                if not re.fullmatch(call.expect.replace("x", "[0-9]"), str(answer.status)):
                    said = self._clean(_read(answer))[:MOST_OUTPUT]
                    raise HookFailed(f"{about}: status {answer.status}, not {call.expect}: {said}")
                return f"{about}: status {answer.status}"
        except OSError as problem:
            raise HookFailed(f"{about}: {self._clean(str(problem))[-MOST_OUTPUT:]}") from None
        except (HTTPException, ValueError) as problem:  # the text may repeat the request, and with it a secret
            raise HookFailed(f"{about}: no such call, or no HTTP came back ({type(problem).__name__})") from None

    def _request(self, call: Http) -> Request:
        body = None if call.body is None else self._filled(call.body).encode()
        headers = {name: self._filled(value) for name, value in call.headers.items()}
        return Request(self._filled(call.url), body, headers, method=call.method)

    def _filled(self, text: str) -> str:
        return REFERENCE.sub(lambda found: self._secrets[found[1]], text)

    def _clean(self, text: str) -> str:
        return without_secrets(text, self._secrets.values()).strip()

    def owe(self, name: str, hook: Hook, about: dict[str, str]) -> None:
        """Put it on the list, on the disk, before the fault is injected; what is no command stands there as comment."""
        settings = " ".join(f"{key}={shlex.quote(value)}" for key, value in about.items())
        command = f"env {settings} sh -c {shlex.quote(hook.run)}" if hook.run is not None else None
        text = textwrap.indent(name, "# ") + "\n" + (command or textwrap.indent(str(hook), "# "))
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
            file.write(HEADING + "".join(f"{how}\n" for how in self._owed.values()))
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


def _read(answer: HTTPResponse) -> str:
    """The beginning of what came; nothing if it breaks off: the status is what counts."""
    try:
        return answer.read(MOST_READ).decode(errors="replace")
    except (OSError, HTTPException):
        return ""
