"""`maildrill run`: one drill, watched live."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from maildrill.catalogue import find_scenario, load_pair
from maildrill.commands.app import EXIT_CODES, INTERRUPTED, Json, Reports, app, err, out, say
from maildrill.drill.progress import Progress

Watcher = Callable[[Progress], None]
EVERY_S = 5.0
MARKS = {True: ("up", "green"), False: ("down", "red"), None: ("-", "")}
WORDS = {True: "up", False: "DOWN", None: "-"}


@app.command()
def run(
    scenario: Annotated[str, typer.Argument(help="A scenario file, or the name of a shipped one.")],
    cluster: Annotated[str | None, typer.Option(help="Another cluster: a name or a file.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all random choices (default: a new one).")] = None,
    reports: Reports = Path("reports"),
    json: Json = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done to whom.")] = False,
) -> int:
    """Run one drill and say whether its objectives were met."""
    path = find_scenario(scenario)
    checked, model = load_pair(path, cluster)
    if dry_run:
        from maildrill.commands.dry import dry

        return dry(checked, model, seed, json)
    from maildrill.drill.run import run_drill
    from maildrill.report.terminal import terminal

    dice = secrets.randbits(31) if seed is None else seed
    try:
        with watching(err()) as watch:
            outcome = run_drill(checked, model, scenario_path=path, reports=reports, seed=dice, progress=watch)
    except KeyboardInterrupt as stop:
        say(f"maildrill: {str(stop) or 'interrupted'}")
        return INTERRUPTED
    if json:
        typer.echo((outcome.folder / "result.json").read_text(), nl=False)
    else:
        out().print(terminal(outcome.result))
        typer.echo(f"report: {outcome.folder / 'report.html'}")
    return EXIT_CODES[outcome.result.verdict]


@contextmanager
def watching(console: Console) -> Iterator[Watcher]:
    """A watcher of progress: a live table on a terminal, plain lines elsewhere."""
    if not console.is_terminal:
        yield PlainLines(console)
        return
    with Live(console=console, refresh_per_second=5, transient=True) as live:

        def watch(now: Progress) -> None:
            if now.message:
                live.console.print(f"{now.t:7.1f} s  {now.message}")
            live.update(table(now))

        yield watch


class PlainLines:
    """A line at each message, each phase, each change of a service, and every few seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last: tuple[str, tuple[bool | None, ...]] = ("", ())
        self._next = 0.0

    def __call__(self, now: Progress) -> None:
        state = (now.phase, tuple(now.services.values()))
        if now.message or state != self._last or not self._next - EVERY_S <= now.t < self._next:
            self._last, self._next = state, now.t + EVERY_S
            self._console.print(line(now), soft_wrap=True)


def line(now: Progress) -> str:
    """One moment as a line."""
    services = " ".join(f"{name}={WORDS[up]}" for name, up in now.services.items())
    counts = f"offered {now.offered} accepted {now.accepted} visible {now.visible}"
    return f"{now.t:7.1f} s  {now.phase:9} {now.message or f'{counts}  {services}'}".rstrip()


def table(now: Progress) -> Table:
    """One moment as a table."""
    grid = Table(title=f"{now.phase}  {now.t:.1f} s", title_justify="left")
    for name in (*now.services, "offered", "accepted", "visible"):
        grid.add_column(name, justify="right")
    counts = (str(now.offered), str(now.accepted), str(now.visible))
    grid.add_row(*(Text(*MARKS[up]) for up in now.services.values()), *counts)
    return grid
