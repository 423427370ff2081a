"""The image that all server images are built on: there already, pulled, or made from Debian's packages."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from docker.errors import DockerException, ImageNotFound
from urllib3.exceptions import HTTPError

from maildrill.errors import EnvironmentProblem

UPSTREAM = "debian:bookworm-slim"
SUITE = "bookworm"
BASE_TAG = "maildrill/base:" + hashlib.sha256(f"{UPSTREAM} 1".encode()).hexdigest()[:12]
PULL_SILENCE_S = 30.0
"""A registry that has sent nothing for so long is given up."""

Say = Callable[[str], None]
Build = Callable[[Path], None]


def is_there(client: Any, tag: str) -> bool:
    """Whether the engine has an image of that tag."""
    try:
        client.images.get(tag)
    except ImageNotFound:
        return False
    return True


def ensure_base(client: Any, build: Build, say: Say) -> None:
    """Make BASE_TAG if it is missing; ``build`` makes it from a folder with a Dockerfile.

    Raises EnvironmentProblem if it can neither be pulled nor made.
    """
    if is_there(client, BASE_TAG):
        return
    if is_there(client, UPSTREAM) or _pull(client, say):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "Dockerfile").write_text(f"FROM {UPSTREAM}\n")
            build(Path(folder))
        return
    _bootstrap(client, say)


def _pull(client: Any, say: Say) -> bool:
    """Whether a registry gave the image.

    The engine's client waits for ever for a registry that has fallen silent, so it is followed in a thread,
    which is left behind.
    """
    say(f"pulling {UPSTREAM}")
    steps: SimpleQueue[str | None] = SimpleQueue()
    threading.Thread(target=_follow, args=(client, steps), daemon=True).start()
    problem: str | None = ""
    while problem == "":
        try:
            problem = steps.get(timeout=PULL_SILENCE_S)
        except Empty:
            problem = f"nothing came for {PULL_SILENCE_S:g} s"
    if problem:
        say(f"{UPSTREAM} cannot be pulled ({problem}); making it with debootstrap")
    return problem is None


def _follow(client: Any, steps: SimpleQueue[str | None]) -> None:
    """Pull; tells of each step by "", of the end by None, or by what went wrong."""
    repository, tag = UPSTREAM.split(":")
    try:
        for step in client.api.pull(repository, tag=tag, stream=True, decode=True):
            steps.put(step.get("error", ""))
        steps.put(None)
    except (DockerException, HTTPError, OSError) as problem:
        steps.put(getattr(problem, "explanation", None) or str(problem) or type(problem).__name__)


def _bootstrap(client: Any, say: Say) -> None:
    """The base image from Debian's packages, where no registry can be reached."""
    if not _have_debootstrap(say):
        raise EnvironmentProblem(
            f"{UPSTREAM} cannot be pulled, and debootstrap (as root) is not there to make it: "
            "apt-get install debootstrap, or docker load that image"
        )
    with tempfile.TemporaryDirectory(prefix="maildrill-base-") as folder:
        say("debootstrap bookworm (about a minute)")
        root, archive = f"{folder}/root", f"{folder}/base.tar"
        _command("debootstrap", "--variant=minbase", SUITE, root)
        _command(
            "tar", "-C", root, "--exclude=./var/cache/apt/*", "--exclude=./var/lib/apt/lists/*", "-cf", archive, "."
        )
        repository, tag = BASE_TAG.split(":")
        client.api.import_image_from_file(archive, repository=repository, tag=tag, changes=["LABEL maildrill=image"])


def _have_debootstrap(say: Say) -> bool:
    """Whether debootstrap can be run; as root on Debian it is installed, now that nothing else gives the image."""
    if os.getuid() != 0:
        return False
    if shutil.which("debootstrap") is None and shutil.which("apt-get") is not None:
        say("installing debootstrap")
        subprocess.run(("apt-get", "update", "-qq"), capture_output=True, check=False)  # a foreign source may fail
        _command("apt-get", "install", "-y", "-qq", "--no-install-recommends", "debootstrap")
    return shutil.which("debootstrap") is not None


def _command(*command: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        tail = (done.stdout + done.stderr)[-1500:]
        raise EnvironmentProblem(f"{command[0]} failed ({done.returncode}):\n{tail}")
