"""Taking turns: no more drills run at the same time than the engine has cores for.

Servers that wait for a processor look like servers that fail. A drill under way needs about one core (default
cluster, default probes: measured), and two of them on two cores come out red.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from maildrill.errors import EnvironmentProblem

CORES_PER_DRILL = 2
DEADLINE_S = 3600.0
LOOK_EVERY_S = 0.1


@contextmanager
def turn(cores: int, say: Callable[[str], None]) -> Iterator[None]:
    """Hold one of the turns of a machine with ``cores`` cores: one for each two, at least one.

    Turns are locks on files of this user, so a dead drill's is free at once.
    Raises EnvironmentProblem after an hour without one, with who holds them.
    """
    with ExitStack() as opened:
        numbers = range(max(1, cores // CORES_PER_DRILL))
        turns = [opened.enter_context(_path(number).open("a+")) for number in numbers]
        mine = _await(turns, say)
        mine.truncate(0)
        mine.write(str(os.getpid()))
        mine.flush()
        yield


def _path(number: int) -> Path:
    return Path(tempfile.gettempdir()) / f"maildrill-turn-{os.getuid()}-{number}.lock"


def _await(turns: Sequence[IO[str]], say: Callable[[str], None]) -> IO[str]:
    until, said = time.monotonic() + DEADLINE_S, False
    while True:
        for file in turns:
            if _take(file):
                return file
        if time.monotonic() > until:
            raise EnvironmentProblem(f"no turn within {DEADLINE_S:.0f} s: {_busy(turns)}")
        if not said:
            said = True
            say(f"waiting for a turn: {_busy(turns)}; this machine has the cores for {len(turns)} at a time")
        time.sleep(LOOK_EVERY_S)


def _take(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _busy(turns: Sequence[IO[str]]) -> str:
    numbers = []
    for file in turns:
        file.seek(0)
        numbers.append(file.read().strip())
    return f"process {', '.join(numbers)} runs a drill"
