"""Recovery steps: heals, commands, people; what is written down, and what becomes of the verdict."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from maildrill.drill import person
from maildrill.drill.progress import Progress
from maildrill.drill.recovery import Recoveries
from maildrill.drill.watching import Unblocked
from maildrill.errors import Skipped
from maildrill.journal.writer import JournalWriter
from maildrill.scenario.model import Ask, Command, Scenario


@pytest.fixture
def bench(tmp_path: Path) -> Any:
    """Recoveries with a journal, and a way to read (state, detail) of what was written."""
    journal, said = JournalWriter(tmp_path / "journal.ndjson"), []  # type: ignore[var-annotated]

    def events() -> list[tuple[str, str]]:
        lines = map(json.loads, (tmp_path / "journal.ndjson").read_text().splitlines())
        return [(event["state"], event["detail"]) for event in lines if event["e"] == "recovery"]

    care = SimpleNamespace(heal=lambda name: name != "stubborn")
    clock = iter(range(100))
    recoveries = Recoveries(journal, lambda: float(next(clock)), said.append, care, tmp_path)  # type: ignore[arg-type]
    return SimpleNamespace(steps=recoveries, events=events, said=said, folder=tmp_path)


def node(answer: Any) -> Any:
    """A node whose exec gives this answer."""
    return SimpleNamespace(name="dns1", container=SimpleNamespace(exec_run=lambda _: answer()))


COMMAND = Command(at=0, recover="command", target={"role": "dns"}, run="rndc reload", deadline=0.2)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "last"),
    [
        (lambda: (0, b"reloaded\n"), ("done", "exit code 0: reloaded")),
        (lambda: (3, b"no such zone"), ("failed", "exit code 3: no such zone")),
        (lambda: time.sleep(5), ("failed", "did not return within 0.2 s")),
    ],
)
def test_a_command_is_judged_by_its_exit_code_and_deadline(bench: Any, answer: Any, last: tuple[str, str]) -> None:
    bench.steps.command("reload", COMMAND, node(answer))
    assert bench.events() == [("requested", ""), last]


def test_a_watcher_that_blocks_holds_nothing_up() -> None:
    """A stopped terminal: the drill goes on, and what was said is shown when it is read again."""
    stopped, shown = threading.Event(), []  # type: ignore[var-annotated]

    def terminal(now: Progress) -> None:
        stopped.wait(5)
        shown.append(now.message)

    watch = Unblocked(terminal)
    began = time.monotonic()
    for message in ("fault", "", "", "healed"):
        watch(Progress(message=message))
    assert time.monotonic() - began < 1
    stopped.set()
    watch.finish()
    assert [message for message in shown if message] == ["fault", "healed"]


def test_a_heal_step_says_what_it_healed_and_what_not(bench: Any) -> None:
    bench.steps.heal("mend", "cut", ["a", "b"])
    bench.steps.heal("mend-too", "cut", ["stubborn"])
    states = bench.events()
    assert states[1] == ("done", "healed: a, b")
    assert states[3] == ("failed", "not healed: stubborn")


ASK = Ask(at=0, recover="ask", say="unplug it now", deadline=5.0)


def test_a_person_confirms_with_a_file(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(person, "has_terminal", lambda: False)
    threading.Timer(0.3, lambda: (bench.folder / "confirm").write_text("done by Ann\n")).start()
    bench.steps.ask("unplug", ASK)
    assert bench.events()[-1] == ("done", "confirmed by file: done by Ann")
    assert "unplug it now" in bench.said[1]


def test_a_person_who_does_not_answer_is_a_failed_step(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(person, "has_terminal", lambda: False)
    bench.steps.ask("unplug", ASK.model_copy(update={"deadline": 0.1}))
    assert bench.events()[-1] == ("failed", "waited 0.1 s for a person's confirmation; last seen: nothing")


def test_the_end_of_the_drill_ends_the_waiting(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(person, "has_terminal", lambda: False)
    bench.steps.over.set()
    bench.steps.ask("unplug", ASK)
    assert bench.events()[-1][0] == "failed"


def test_without_a_terminal_asking_is_an_error_before_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = Scenario.model_validate({
        "scenario": "people", "title": "People", "objectives": {"lost": 0},
        "timeline": [{"at": 0, "fault": "kill", "target": {"role": "mx"}}, ASK.model_dump()],
    })  # fmt: skip
    monkeypatch.setattr(person, "has_terminal", lambda: True)
    person.check_somebody_is_there(scenario)
    monkeypatch.setattr(person, "has_terminal", lambda: False)
    with pytest.raises(Skipped, match="asks a person at 0 s"):
        person.check_somebody_is_there(scenario)
