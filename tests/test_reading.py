"""YAML that cannot be read is one line about the file, whatever is in it; words about it are those of people."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildrill import cli
from maildrill.catalogue import load_pair
from maildrill.cluster.clusterfile import load_any_cluster
from maildrill.errors import BadInput
from maildrill.scenario.document import read_yaml

DEEP = 600
SCENARIO = "scenario: one\ntitle: One\nwhy: {}\ntimeline: [{{at: 0s, fault: kill, target: {{role: mx}}}}]\n"
UNREADABLE = {
    "1" * 5000: 's.yaml:3:6: not valid YAML: "1111',
    "0x" + "f" * 5000: 's.yaml:3:6: not valid YAML: "0xff',
    "!!int abc": 's.yaml:3:6: not valid YAML: "abc" cannot be read as a whole number',
    "!!float abc": 's.yaml:3:6: not valid YAML: "abc" cannot be read as a number',
    "!!bool abc": 's.yaml:3:6: not valid YAML: "abc" cannot be read as true or false',
    "!!int [1]": "s.yaml:3:6: not valid YAML: what stands here cannot be read as a whole number",
    "!!timestamp [1]": "s.yaml:3:6: not valid YAML: what stands here cannot be read as text",
    "!!set {a}": "s.yaml:3:6: not valid YAML: the tag !!set means nothing here",
    "[" * DEEP: "s.yaml: lists or mappings are nested too deeply",
    "a\0b": "s.yaml:3: not valid YAML: a character that text cannot have",
}


@pytest.mark.parametrize("why", UNREADABLE, ids=lambda why: why[:12].replace("\0", "NUL"))
def test_what_cannot_be_read_is_one_line_and_2(why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(SCENARIO.format(why) + "objectives: {lost: 0}\n")
    for arguments in ([str(path)], ["mx-kill", "--cluster", str(path)]):
        assert cli.run(["run", *arguments, "--dry-run"]) == 2
        (said,) = capsys.readouterr().err.splitlines()
        assert said.replace(f"{tmp_path}/", "").startswith(f"maildrill: {UNREADABLE[why]}")


@pytest.mark.parametrize("why", ["2026-02-30", "2024-13-45", "2024-01-02", "!!str 5", "2024-01-02 03:04:05"])
def test_what_looks_like_a_date_is_text(why: str, tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(SCENARIO.format(why) + "objectives: {lost: 0}\n")
    assert load_pair(path)[0].why == why.removeprefix("!!str ")


TAGS = [f"!!{tag} " for tag in ("int", "bool", "float", "str", "map", "seq", "null", "merge", "omap", "timestamp")]
MARKS = [": ", "\n", "\n  ", "- ", ", ", "&x ", "<<: ", "? ", "!x ", "%YAML 1.1\n", "%TAG ! x", "---\n", "...\n"]
WORDS = ["a", "5", "0x", "1e", "_", ".inf", "2024-13-45", "~", "<<", "*x", "scenario", "cluster", "nodes", "extends"]
PIECES = st.sampled_from([*TAGS, *MARKS, *WORDS, *"[]{}!|>\"'#@\\\t"])
PYTHON = re.compile(r"dict\b|NoneType|None\b|Tagged|class |instance of|\bTrue|\bFalse|Keys should|<unicode|object at")


@given(st.lists(PIECES, max_size=14).map("".join))
def test_any_text_is_read_or_refused_in_words_of_people(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(text)
    for load in (load_pair, lambda file: load_any_cluster(str(file)), read_yaml):
        said = refusal(load, path)
        assert all(line.startswith(str(path)) for line in said.splitlines())
        assert not PYTHON.search(said)


def refusal(load: Callable[[Path], object], path: Path) -> str:
    """Why a file is not accepted; empty if it is."""
    try:
        load(path)
    except BadInput as error:
        return str(error)
    return ""
