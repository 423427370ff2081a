"""Commands that the documents and docstrings tell people to type: each of these selects some test."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("tests/**/*.py")]
COMMAND = re.compile(r"pytest((?: -m \w+)? tests/\w[\w/]*\.py)")
FOUND = sorted({found[1].strip() for path in TEXTS for found in COMMAND.finditer(path.read_text(encoding="utf-8"))})


def test_there_are_some() -> None:
    assert len(FOUND) >= 2


@pytest.mark.parametrize("arguments", FOUND)
def test_it_selects_tests(arguments: str) -> None:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *arguments.split()]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == pytest.ExitCode.OK, done.stdout
