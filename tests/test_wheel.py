"""The wheel carries what a drill needs: it is built, unpacked elsewhere, and used there."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]


def run(folder: Path, *command: str, **environment: str) -> str:
    """A command's output; fails with what it said."""
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=120, env={**os.environ, **environment}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the unpacked wheel: what pip installs, without the dependencies."""
    folder = tmp_path_factory.mktemp("wheel")
    run(CHECKOUT, sys.executable, "-m", "pip", "-q", "wheel", "--no-deps", "-w", str(folder), str(CHECKOUT))
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_catalogue_is_in_the_wheel(installed: Path, tmp_path: Path) -> None:
    """Every shipped scenario, cluster, image, profile and candidate is there, outside of a checkout."""
    shown = run(tmp_path, sys.executable, "-m", "maildrill.cli", "list", PYTHONPATH=str(installed))
    for scenario in (CHECKOUT / "scenarios").rglob("*.yaml"):
        assert scenario.stem in shown
    for folder in ("images", "clusters", "profiles", "candidates"):
        ours = {path.relative_to(CHECKOUT) for path in (CHECKOUT / "fixtures" / folder).rglob("*") if path.is_file()}
        theirs = {path.relative_to(installed / "maildrill/_data") for path in installed.rglob("*") if path.is_file()
                  and path.is_relative_to(installed / "maildrill/_data")}  # fmt: skip
        assert ours <= theirs


def test_a_folder_of_own_drills_is_collected_by_pytest(installed: Path, tmp_path: Path) -> None:
    """`maildrill init` outside of a checkout, then pytest finds its drill."""
    site = {"PYTHONPATH": str(installed)}
    run(tmp_path, sys.executable, "-m", "maildrill.cli", "init", "mine", **site)
    seen = run(tmp_path, sys.executable, "-m", "pytest", "--collect-only", "-q", "mine", **site)
    assert "test_my_drills.py" in seen
