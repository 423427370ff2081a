"""The typer application, and what all commands share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

app = typer.Typer(
    name="maildrill",
    help="Disaster drills for mail clusters: break a real one on purpose, and measure RTO and RPO.",
    epilog="Exit codes: 0 met, 1 objective missed, 2 bad input, 3 inconclusive, 4 environment, "
    "70 a defect of maildrill, 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
INTERRUPTED = 130
DEFECT = 70
"""EX_SOFTWARE of sysexits.h: it must not look like a missed objective, which is 1, Python's own code for a crash."""
EXIT_CODES = {"pass": 0, "fail": 1, "inconclusive": 3}
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout, and nothing else there.")]
Reports = Annotated[Path, typer.Option("--reports", help="Folder for the drills' evidence.")]


def console(**how: Any) -> Console:
    """A console that prints text as it is: what files and servers say is no markup, and no name of an emoji."""
    return Console(highlight=False, markup=False, emoji=False, **how)


def out() -> Console:
    """Where results go."""
    return console()


def err() -> Console:
    """Where progress and messages go."""
    return console(stderr=True)


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    typer.echo(json.dumps(value, indent=2))


def say(message: str) -> None:
    """One plain line on stderr."""
    typer.echo(message, err=True)
