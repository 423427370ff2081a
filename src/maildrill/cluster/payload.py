"""What the vantage runs: our traffic agent and its pure-Python libraries, as one archive."""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path

from maildrill.cluster.files import archive
from maildrill.errors import EnvironmentProblem

TARGET = "/opt/maildrill"
LIBRARIES = ("aiosmtplib", "aiosmtpd", "public", "attr", "attrs", "dns")
OWN = ("__init__.py", "errors.py", "journal/__init__.py", "journal/*event*.py", "traffic/*.py")


@functools.cache
def vantage_archive() -> bytes:
    """A tar for put_archive("/"), made once per process."""
    files: dict[str, bytes] = {}
    for library in LIBRARIES:
        root = package_folder(library)
        for path in sorted(root.rglob("*.py")):
            if "tests" not in path.parts:
                files[f"{TARGET}/{library}/{path.relative_to(root).as_posix()}"] = path.read_bytes()
    own = package_folder("maildrill")
    for pattern in OWN:
        for path in sorted(own.glob(pattern)):
            files[f"{TARGET}/maildrill/{path.relative_to(own).as_posix()}"] = path.read_bytes()
    return archive(files)


def package_folder(name: str) -> Path:
    """Where an installed package is. Raises EnvironmentProblem if it is not installed."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EnvironmentProblem(f"the Python package {name} is not installed here; run ./bootstrap")
    return Path(next(iter(spec.submodule_search_locations)))
