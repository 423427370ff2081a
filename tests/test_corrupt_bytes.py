"""Bytes that were corrupted are found again and mended: the scripts, run here on a folder that stands for a volume."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maildrill.faults.storage.corrupt_bytes import CORRUPT, PLACES

MAIL = "From: a@b.test\r\nX-Maildrill-Id: ab12-in-{}\r\n\r\n" + "so much to say. " * 20


def ran(script: str, root: Path, *arguments: object) -> str:
    """What a script says of the volumes in a folder."""
    command = [sys.executable, "-c", script.replace('"/v"', repr(str(root))), *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=20).stdout.strip()


def volume(root: Path, names: list[str]) -> dict[Path, bytes]:
    """A message in each file, and what is in them."""
    for number, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(MAIL.format(number).encode())
    return {root / name: (root / name).read_bytes() for name in names}


def test_mail_that_was_read_since_is_mended_under_its_new_name(tmp_path: Path) -> None:
    """A reader moves it from new to cur: it is the same file, and the users would go on to read the wrong bytes."""
    [(old, right)] = volume(tmp_path, ["0/new/1.mail"]).items()
    places = ran(CORRUPT, tmp_path, 5, 64, 1, "messages")
    assert old.read_bytes() != right
    read = tmp_path / "0/cur/1.mail:2,S"
    read.parent.mkdir()
    old.rename(read)
    assert ran(PLACES, tmp_path, "look", places) == "1"
    assert ran(PLACES, tmp_path, "mend", places) == "1"
    assert read.read_bytes() == right
    assert ran(PLACES, tmp_path, "look", places) == "0"


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["stays", "moves", "leaves"]), min_size=1, max_size=6), st.sampled_from([1, 4, 9]))
def test_whatever_mail_does_meanwhile_what_is_left_is_right(tmp_path: Path, fates: list[str], count: int) -> None:
    """As many as asked for are corrupt, and none that is left after the mending."""
    root = tmp_path / str(next(NUMBERS))
    content = volume(root, [f"{number % 2}/new/{number}" for number in range(len(fates))])
    places = ran(CORRUPT, root, count, 32, 3, "messages")
    assert len(json.loads(places)) == min(count, len(fates))
    assert sum(path.read_bytes() != right for path, right in content.items()) == min(count, len(fates))
    left = []
    for (path, right), fate in zip(content.items(), fates, strict=True):
        where = path.with_name(f"{path.name}:2,S") if fate == "moves" else path
        path.rename(where)
        where.unlink() if fate == "leaves" else left.append((where, right))
    ran(PLACES, root, "mend", places)
    assert all(path.read_bytes() == right for path, right in left)
    assert ran(PLACES, root, "look", places) == "0"


NUMBERS = itertools.count()
