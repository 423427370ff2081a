"""Taking turns: no more drills run at the same time than the engine has cores for.

Servers that wait for a processor look like servers that fail. A drill under way takes 0.9 to 1.6 cores (default
cluster, default probes; measured on a fast machine and on a slow one), and a cluster that starts takes more. A turn
is the whole drill: when eight drills on two cores took turns for their mail only, six came out inconclusive.

Turns and places in the queue are locked files of this user: what a dead drill held is free at once.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from maildrill.errors import EnvironmentProblem

CORES_PER_DRILL = 2
DEADLINE_S = 3600.0
LOOK_EVERY_S = 0.1


@contextmanager
def turn(cores: int, say: Callable[[str], None]) -> Iterator[None]:
    """Hold one of the turns of a machine with ``cores`` cores: one for each two, at least one.

    First come, first served. Raises EnvironmentProblem after an hour without one, with who holds them.
    """
    turns = [_folder() / f"turn-{number}" for number in range(max(1, cores // CORES_PER_DRILL))]
    with ExitStack() as held:
        with _in_the_queue() as place:
            _await(turns, place, held, say)
        yield


@contextmanager
def _in_the_queue() -> Iterator[Path]:
    """A place at the end of it; locked before it has its name, so that nobody takes it for a dead one's."""
    name = f"{time.time_ns():020d}-{os.getpid()}-{os.urandom(2).hex()}"
    new, place = _folder() / f"new-{name}", _folder() / f"queue-{name}"
    with _locked(new):
        try:
            yield new.rename(place)
        finally:
            place.unlink()


def _folder() -> Path:
    folder = Path(tempfile.gettempdir()) / f"maildrill-turns-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    return folder


def _await(turns: list[Path], place: Path, held: ExitStack, say: Callable[[str], None]) -> None:
    until, said = time.monotonic() + DEADLINE_S, False
    while not (_is_first(place) and any(_take(path, held) for path in turns)):
        if time.monotonic() > until:
            raise EnvironmentProblem(f"no turn within {DEADLINE_S:.0f} s: {_busy(turns)}")
        if not said:
            said = True
            say(f"waiting for a turn: {_busy(turns)}; this machine has the cores for {len(turns)} at a time")
        time.sleep(LOOK_EVERY_S)


def _is_first(place: Path) -> bool:
    """Whether nobody alive came before; places of the dead are removed."""
    for other in sorted(place.parent.glob("queue-*")):
        if other.name >= place.name:
            return True
        with ExitStack() as look:
            if not _take(other, look):
                return False
            other.unlink(missing_ok=True)
    return True


def _take(path: Path, held: ExitStack) -> bool:
    """Lock a file until ``held`` is closed, and write down who did; False if somebody else has it."""
    with suppress(BlockingIOError):
        held.enter_context(_locked(path))
        return True
    return False


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Raises BlockingIOError if somebody else has it."""
    with path.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _busy(turns: list[Path]) -> str:
    holders = [path.read_text().strip() for path in turns if path.exists()]
    return f"process {', '.join(holders) or 'unknown'} runs a drill"
