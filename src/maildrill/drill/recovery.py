"""Recovery steps: what the plan says to do. Each is written down: requested, then done or failed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from maildrill.cluster.engine import ENGINE_FAILURES
from maildrill.custody.care import Care
from maildrill.custody.work import within
from maildrill.drill.person import await_person, nobody
from maildrill.journal.events import Recovery
from maildrill.journal.writer import JournalWriter
from maildrill.scenario.model import Ask, Command

MOST_OUTPUT = 500


class StepFailed(RuntimeError):
    """A recovery step did not do what it should; the message says why."""


@dataclass
class Recoveries:
    """Carries out the recovery steps of one drill."""

    journal: JournalWriter
    now: Callable[[], float]
    say: Callable[[str], None]
    care: Care
    folder: Path
    owner: Any = None
    over: threading.Event = field(default_factory=threading.Event)

    def heal(self, name: str, of: str, faults: list[str]) -> None:
        """Undo the faults of an entry, newest first, and wait for the proof."""

        def act() -> str:
            failed = [one for one in reversed(faults) if not self.care.heal(one)]
            if failed:
                raise StepFailed(f"not healed: {', '.join(failed)}")
            return f"healed: {', '.join(faults) or 'nothing was in force'}"

        self._step("heal", name, of, act)

    def command(self, name: str, step: Command, node: Any) -> None:
        """Run the command in one node."""

        def act() -> str:
            if node.container is None:  # of an attached system
                about = {"MAILDRILL_NODE": node.name, "MAILDRILL_HOST": node.address}
                said = self.owner.carry_out(node.attached.allow_commands[step.run], about, nobody, False)
                return f"the owner's hook: {said}"
            code, output = run_in(node, step.run, step.deadline)
            if code:
                raise StepFailed(f"exit code {code}: {output}")
            return f"exit code 0: {output}"

        self._step("command", name, node.name, act)

    def ask(self, name: str, step: Ask) -> None:
        """Ask a person and wait for the confirmation."""

        def act() -> str:
            self.say(f"PLEASE: {step.say}  (then press Enter, or create the file {self.folder / 'confirm'})")
            return await_person(self.folder / "confirm", step.deadline, self.over)

        self._step("ask", name, "a person", act)

    def _step(self, action: str, name: str, target: str, act: Callable[[], str]) -> None:
        self._write(action, name, target, "requested", "")
        try:
            state, detail = "done", act()
        except ENGINE_FAILURES as problem:
            state, detail = "failed", str(problem) or type(problem).__name__
        self._write(action, name, target, state, detail)

    def _write(self, action: str, name: str, target: str, state: str, detail: str) -> None:
        self.journal.write(Recovery(self.now(), action, name, target, state, detail))
        self.say(f"recovery {name} ({action} {target}): {state}{' (' + detail + ')' if detail else ''}")


def run_in(node: Any, command: str, deadline: float) -> tuple[int, str]:
    """(exit code, end of the output) of a shell command in a node. TimeoutError at the deadline."""
    answer: list[tuple[int, bytes]] = []
    within(deadline, lambda: answer.append(node.container.exec_run(["sh", "-c", command])))
    code, output = answer[0]
    return code, output.decode(errors="replace").strip()[-MOST_OUTPUT:]
