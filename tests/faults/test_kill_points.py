"""A drill is killed (SIGKILL) at random points of its life: 15 s later nothing of it is left, each time.

MAILDRILL_KILL_POINTS=50 MAILDRILL_KILL_SEED=1 pytest -m faults tests/faults/test_kill_points.py -s
"""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from maildrill.cluster.engine import connect
from maildrill.custody.guard import OWNER_LABEL, REAPER_LABEL
from maildrill.custody.sweep import leftovers

SCENARIO = Path(__file__).with_name("killed.yaml")
POINTS = int(os.environ.get("MAILDRILL_KILL_POINTS", "3"))
SEED = int(os.environ.get("MAILDRILL_KILL_SEED", "1"))
GONE_WITHIN_S = 15.0
WHOLE_RUN_S = 120.0

pytestmark = [pytest.mark.integration, pytest.mark.faults]


def start(reports: Path) -> subprocess.Popen[bytes]:
    """The drill, as a user would start it."""
    command = [sys.executable, "-m", "maildrill.cli", "run", str(SCENARIO), "--cluster", "postfix-dovecot-single"]
    silent = subprocess.DEVNULL
    return subprocess.Popen([*command, "--reports", str(reports)], stdout=silent, stderr=silent)


def sessions_of(process: subprocess.Popen[bytes]) -> set[str]:
    """The sessions of one harness: each has a reaper, which is made first and removed last."""
    owned = {"label": f"{OWNER_LABEL}={process.pid}"}
    reapers = connect().containers.list(all=True, filters=owned, ignore_removed=True)
    return {reaper.labels[REAPER_LABEL] for reaper in reapers}


def left(session: str) -> list[str]:
    """What is there of a session: containers, networks, volumes, reaper, loop devices, mounts, rules of the host."""
    client = connect()
    reapers = client.containers.list(all=True, filters={"label": f"{REAPER_LABEL}={session}"}, ignore_removed=True)
    loops = [path for path in Path("/sys/block").glob("loop*/loop/backing_file") if session in _text(path)]
    mounts = [line for line in _text(Path("/proc/self/mounts")).splitlines() if re.search(f"maildrill-{session}", line)]
    rules = [line for line in _said("nft", "list", "tables").splitlines() if "maildrill" in line]
    found = [*leftovers(client, session), *(f"reaper {one.name}" for one in reapers), *map(str, loops), *mounts]
    return [*found, *rules]


def _said(*command: str) -> str:
    """What a command of the host says; nothing where it is not there."""
    if shutil.which(command[0]) is None:
        return ""
    return subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def length_of_a_run(reports: Path) -> float:
    """How long the drill takes when nobody kills it, s: the points are spread over all of it."""
    began = time.monotonic()
    process = start(reports)
    process.wait(WHOLE_RUN_S)
    return time.monotonic() - began


def test_nothing_is_left_after_a_kill_at_any_point(tmp_path: Path) -> None:
    """Containers, networks, volumes, loop devices, mounts, the reaper itself."""
    dice, whole = random.Random(SEED), length_of_a_run(tmp_path)
    slowest, kept = 0.0, []
    for number in range(POINTS):
        point = dice.uniform(0, whole)
        process = start(tmp_path)
        watched: set[str] = set()
        until = time.monotonic() + point
        while time.monotonic() < until and process.poll() is None:
            watched |= sessions_of(process)
            time.sleep(min(0.2, max(0.0, until - time.monotonic())))
        process.kill()
        process.wait(10)
        killed = time.monotonic()
        watched |= sessions_of(process)
        while (remains := {one: left(one) for one in watched}) and any(remains.values()):
            if time.monotonic() - killed > GONE_WITHIN_S:
                kept.append((point, remains))
                break
            time.sleep(0.2)
        took = time.monotonic() - killed
        slowest = max(slowest, took)
        said = f"kill {number + 1}/{POINTS} at {point:.1f} of {whole:.1f} s"
        print(f"{said}: {len(watched)} sessions, gone after {took:.1f} s", flush=True)
    print(f"{POINTS} kills, slowest cleaning {slowest:.1f} s, left behind {len(kept)} times")
    assert not kept, kept
