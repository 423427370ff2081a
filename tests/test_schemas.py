"""The JSON Schemas: an editor that checks files by them accepts what maildrill accepts, and sees common mistakes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from maildrill import cli
from maildrill.scenario.document import read_yaml
from maildrill.scenario.schema import SCHEMAS, schema_of
from maildrill.shipped import data_dir

FOLDERS = ("scenarios", "fixtures/clusters", "fixtures/profiles", "fixtures/candidates")
SHIPPED = sorted(path for folder in FOLDERS for path in (data_dir() / folder).rglob("*.yaml"))
FIRST_LINE = re.compile(r"# yaml-language-server: \$schema=(\S+)\n")


def mistakes(schema: dict[str, Any], path: Path) -> list[str]:
    """What an editor says of a file: names of fields are text to it."""
    data = json.loads(json.dumps(read_yaml(path).data))
    return [error.message for error in Draft202012Validator(schema).iter_errors(data)]


def its_schema(path: Path) -> dict[str, Any]:
    """The schema that a file's first line leads to."""
    named = FIRST_LINE.match(path.read_text())
    assert named, f"{path}: no schema in its first line"
    return dict(json.loads((path.parent / named[1]).read_text()))


@pytest.mark.parametrize("which", SCHEMAS)
def test_schema_file_is_current(which: str) -> None:
    """If this fails: maildrill schema NAME > schema/NAME.json"""
    assert json.loads((data_dir() / "schema" / f"{which}.json").read_text()) == schema_of(which)


@pytest.mark.parametrize("which", SCHEMAS)
def test_schema_is_one_that_an_editor_understands(which: str) -> None:
    schema = schema_of(which)
    Draft202012Validator.check_schema(schema)
    assert not re.search(r"\\\\[AZ]", json.dumps(schema)), "a pattern of Python's, not of JavaScript"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_shipped_file_is_valid_by_the_schema_in_its_first_line(path: Path) -> None:
    assert mistakes(its_schema(path), path) == []


def test_what_init_writes_is_valid_by_the_schemas_beside_it(tmp_path: Path) -> None:
    assert cli.run(["init", str(tmp_path)]) == 0
    written = sorted(tmp_path.rglob("*.yaml"))
    assert len(written) == 2
    for path in written:
        assert mistakes(its_schema(path), path) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("cluster: a", True),
        ("cluster: a\nnodes: {mx1: {image: postfix}}", True),
        ("cluster: a\nnodes: {mx1: null}", True),
        ("cluster: a\nextends: null\nnodes: {mx1: {image: postfix}}", True),
        ("cluster: a\nnodes: {mx1: {image: postfix, roles: [mx]}}", False),
        ("extends: b", False),
        ("extends: b\nnodes: {mx1: {image: exim}, mx2: null}\ntimers: {postfix: {a: null}, exim: null}", False),
        ("extends: b\nnodes: {mx1: {imgae: exim}}", True),
        ("extends: b\nnodes: {mx1: {roles: []}}", True),
        ("extends: b\nreplication: {kind: null}", False),
        ("extends: b\nacounts: 5", True),
    ],
)
def test_a_cluster_that_extends_another_says_only_what_differs(tmp_path: Path, text: str, wrong: bool) -> None:
    (tmp_path / "c.yaml").write_text(text)
    assert bool(mistakes(schema_of("cluster"), tmp_path / "c.yaml")) == wrong


@pytest.mark.parametrize(
    ("said", "wrong"),
    [("10s", False), ("250 ms", False), (2, False), (0.5, False), ("10", True), ("s", True), (-1, True), (True, True)],
)
def test_a_duration_is_a_number_or_text(said: Any, wrong: bool) -> None:
    entry = {"at": said, "fault": "kill", "target": {"role": "mx"}}
    scenario = {"scenario": "a", "title": "A", "timeline": [entry], "objectives": {"lost": 0}}
    assert Draft202012Validator(schema_of("scenario")).is_valid(scenario) is not wrong
