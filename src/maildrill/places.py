"""Places that somebody named: whether they are there, and whether they can be written to.

Tried before anything starts, so that no work is lost for want of a folder.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from maildrill.errors import BadInput


def is_file(path: Path) -> bool:
    """Whether there is such a file. Raises BadInput if nobody can tell: a name too long, a closed folder above it."""
    return _seen(path, Path.is_file)


def is_folder(path: Path) -> bool:
    """Whether there is such a folder. Raises BadInput if nobody can tell."""
    return _seen(path, Path.is_dir)


def _seen(path: Path, look: Callable[[Path], bool]) -> bool:
    try:
        return look(path)
    except OSError as problem:
        raise BadInput(f"{path}: cannot be looked for: {problem.strerror or problem}") from None


def made(folder: Path) -> Path:
    """A folder for evidence, made if it is not there. Raises BadInput if nothing can be written in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise _refused(folder, problem) from None
    return tried(folder)


def tried(folder: Path) -> Path:
    """A folder that is there. Raises BadInput if nothing can be written in it (root may, by its rights, anywhere)."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as problem:
        raise _refused(folder, problem) from None


def writable(file: Path) -> Path:
    """A file that is to be written later, in a folder that is there; what it holds stays. Raises BadInput."""
    tried(file.parent)
    if file.exists():
        try:
            file.open("r+b").close()
        except OSError as problem:
            raise _refused(file, problem) from None
    return file


def _refused(place: Path, problem: OSError) -> BadInput:
    return BadInput(f"{place}: nothing can be written there: {problem.strerror or problem}")
