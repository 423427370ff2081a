"""The documentation of the faults: made from the code, and up to date."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field

from maildrill import cli
from maildrill.faults import KINDS, Fault
from maildrill.faults.pages import pages, read_measured
from maildrill.scenario.model import Strict
from maildrill.scenario.units import Duration
from maildrill.shipped import data_dir

DOCS = data_dir() / "docs" / "faults"


def test_pages_are_current() -> None:
    """If this fails: maildrill faults --docs docs/faults"""
    assert {path.name: path.read_text() for path in DOCS.glob("*.md")} == pages(KINDS, read_measured(DOCS))


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_says_all_a_page_needs(kind: str) -> None:
    """What it does, how it is proven and undone, and real incidents, in its own words."""
    cls = KINDS[kind]
    assert cls.__doc__
    assert cls.__doc__ != Fault.__doc__
    assert cls.heal.__doc__
    assert cls.effect.__doc__
    assert cls.stands_for
    for name, field in cls.Parameters.model_fields.items():
        assert field.description, f"{kind}: parameter {name} says no meaning and unit"


def test_many_kinds_name_what_really_happened() -> None:
    """Who and when, or the issue in which it is told."""
    naming = [name for name, kind in KINDS.items() if re.search(r"\b(19|20)\d\d\b|#\d+", kind.stands_for)]
    assert len(naming) >= 25, naming


class Thorough(Fault):
    """Breaks it.

    Thoroughly.
    """

    kind = "thorough"
    needs = ("helper",)
    stands_for = "a bad day"

    class Parameters(Strict):
        lasting: Duration = Field(2.0, description="how long, s")
        how: Literal["hard", "soft"] = Field("soft", description="a | b")
        share: Annotated[float, Field(gt=0, le=1, description="part of it")]

    @classmethod
    def group(cls) -> str:
        return "process"

    def inject(self) -> None:
        """Break."""

    def heal(self) -> None:
        """Glue it."""


def test_a_page_and_the_index() -> None:
    made = pages({"thorough": Thorough}, {"thorough": {"effect_s": 0.126, "heal_s": 2.0}})
    page = made["thorough.md"]
    for said in (
        "Breaks it.\n\nThoroughly.",
        "| `lasting` | duration (s, or 10s, 250ms, 2m) | `2.0` | how long, s |",
        '| `how` | `hard` or `soft` | `"soft"` | a \\| b |',
        "| `share` | number > 0 ≤ 1 | needed | part of it |",
        "No service of the target answers in its protocol, seen from the vantage.",
        "Glue it.\n\nRecovered when: Every service",
        "* `helper`; where it is missing: let the engine give",
        "a bad day",
        "Effect after 0.13 s, healed after 2.00 s.",
    ):
        assert said in page, said
    assert "| 0.13 s | 2.00 s | No service of the target answers" in made["README.md"]
    assert "| – | – |" in pages({"thorough": Thorough}, {})["README.md"]


def test_pages_of_kinds_that_are_gone_go_and_somebodys_notes_stay(tmp_path: Path) -> None:
    (tmp_path / "gone.md").write_text(pages({"thorough": Thorough}, {})["thorough.md"])
    (tmp_path / "notes.md").write_bytes(b"mine, in Latin-1: \xe9")
    (tmp_path / "empty.md").touch()
    assert cli.run(["faults", "--docs", str(tmp_path)]) == 0
    made = {"README.md", *(f"{kind}.md" for kind in KINDS)}
    assert {path.name for path in tmp_path.iterdir()} == {*made, "notes.md", "empty.md"}
    assert cli.run(["faults", "--docs", str(tmp_path)]) == 0, "its own pages are written anew"


def test_a_page_never_takes_the_place_of_somebodys_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "README.md").write_text("# My project")
    assert cli.run(["faults", "--docs", str(tmp_path)]) == 2
    assert "README.md: was not made by maildrill" in capsys.readouterr().err
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("README.md", "# My project")]
