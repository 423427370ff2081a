"""Programs beside a server, run on this machine instead of in the helper: what is ended, and what is not."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from maildrill.faults.daemons import LAUNCHER, Daemon

SLEEPER = "import time\ndef main(arguments, ready):\n    ready()\n    time.sleep(60)\n"


def run(*command: str) -> tuple[int, str]:
    """As the helper does it."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def daemon(tmp_path: Path) -> Any:
    fault = SimpleNamespace(world=SimpleNamespace(helper=SimpleNamespace(run=run)), target=SimpleNamespace(name="mx1"))
    made: Any = Daemon(SimpleNamespace(**vars(fault), number=1), "mail_proxy")  # type: ignore[arg-type]
    made._pidfile = str(tmp_path / "proxy.pid")
    return made


def lives(pid: int) -> bool:
    stat = Path("/proc", str(pid), "stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_it_is_ended(daemon: Any) -> None:
    assert run(sys.executable, "-c", LAUNCHER, daemon._pidfile, SLEEPER) == (0, "")
    pid = int(Path(daemon._pidfile).read_text())
    assert lives(pid)
    daemon.stop()
    until = time.monotonic() + 5
    while lives(pid) and time.monotonic() < until:
        time.sleep(0.02)
    assert not lives(pid)
    assert not Path(daemon._pidfile).exists()
    daemon.stop()


def test_who_has_its_number_now_is_let_alone(daemon: Any) -> None:
    """It died by itself, and the kernel gave its number to a program of somebody else on the machine."""
    with subprocess.Popen(["sleep", "60"]) as stranger:
        Path(daemon._pidfile).write_text(str(stranger.pid))
        daemon.stop()
        assert stranger.poll() is None
        stranger.kill()
    assert not Path(daemon._pidfile).exists()
