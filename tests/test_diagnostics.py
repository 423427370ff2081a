"""Every code a result can carry is explained, and nothing is explained that cannot occur."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import maildrill.measure
from maildrill.codes import CODES, OF_A_FAIL, OUTRANK_FAIL
from maildrill.shipped import data_dir

CODE = re.compile(r"[A-Z][A-Z_]{4,}")
ROW = re.compile(r"^\| `([A-Z_]+)` \|(.+?)\|(.+?)\|(.+?)\|$", re.MULTILINE)
PAGE = (data_dir() / "docs" / "diagnostics.md").read_text(encoding="utf-8")


def codes_in_source() -> set[str]:
    """Every string of the measures that is written like a code."""
    files = Path(maildrill.measure.__file__).parent.glob("*.py")
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in texts if CODE.fullmatch(text)}


def test_page_and_source_have_the_same_codes() -> None:
    explained = [row[0] for row in ROW.findall(PAGE)]
    assert len(explained) == len(set(explained))
    assert set(explained) == codes_in_source() == CODES
    assert not OUTRANK_FAIL & OF_A_FAIL


def test_page_says_which_codes_outrank_a_missed_objective() -> None:
    assert {row[0] for row in ROW.findall(PAGE) if row[2].strip() == "yes"} == OUTRANK_FAIL


def test_every_code_says_what_it_means_and_what_to_do() -> None:
    assert all(len(row[1].split()) > 3 and row[3].strip() for row in ROW.findall(PAGE))
