"""`maildrill init`: a folder to begin own drills with."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Annotated

import typer

from maildrill.commands.app import app
from maildrill.errors import BadInput
from maildrill.places import made
from maildrill.scenario.schema import schema_of

SCENARIO = """\
# yaml-language-server: $schema=../schema/scenario.json
scenario: first-drill
title: One of two MX servers is killed
why: Mail must go on through the other one.
cluster: ../clusters/mine.yaml

timeline:
  - at: 0s
    fault: kill          # maildrill faults lists the kinds
    target: { role: mx }
    for: 10s

objectives:
  inbound: { rto: 5s }
  delivery: { rto: 8s }
  rpo: 0s
  lost: 0
"""
CLUSTER = """\
# yaml-language-server: $schema=../schema/cluster.json
extends: postfix-dovecot-ha
cluster: mine
about: The shipped cluster with my changes. What is not written here is inherited; null removes.
"""
MODULE = '''\
"""My drills: each file in scenarios/ is one test."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.scenarios(Path(__file__).parent / "scenarios")


def test_my_drills(drill):
    drill.require()
'''


@app.command()
def init(folder: Annotated[Path, typer.Argument(help="Where to write; files there are never overwritten.")]) -> None:
    """Write a scenario, a cluster that extends the shipped one, a drill module and the schemas."""
    files = {
        "scenarios/first-drill.yaml": SCENARIO,
        "clusters/mine.yaml": CLUSTER,
        "test_my_drills.py": MODULE,
        "schema/scenario.json": json.dumps(schema_of("scenario"), indent=2) + "\n",
        "schema/cluster.json": json.dumps(schema_of("cluster"), indent=2) + "\n",
    }
    present = [name for name in files if (folder / name).exists()]
    if present:
        raise BadInput(f"{folder / present[0]}: exists already; nothing was written")
    for name in files:
        made((folder / name).parent)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
        typer.echo(f"wrote {folder / name}")
    drill = shlex.quote(str(folder / "scenarios/first-drill.yaml"))
    typer.echo(f"now: pytest {shlex.quote(str(folder))}    or: maildrill run {drill}")
