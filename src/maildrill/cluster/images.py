"""Server images: named after their content, built once, side by side, by one process at a time."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
from docker.errors import BuildError, DockerException, ImageNotFound

from maildrill.errors import EnvironmentProblem
from maildrill.shipped import data_dir

LABELS = {"maildrill": "image"}
UPSTREAM = "debian:bookworm-slim"
SUITE = "bookworm"
BASE_TAG = "maildrill/base:" + hashlib.sha256(f"{UPSTREAM} 1".encode()).hexdigest()[:12]
PULL_TIMEOUT_S = 30
BUILDERS = 3

Say = Callable[[str], None]


def image_folder(name: str) -> Path:
    """Where an image's Dockerfile and templates are."""
    return data_dir() / "fixtures" / "images" / name


def tag_of(name: str) -> str:
    """The tag of an image as its folder is now; configuration templates are not in the image."""
    recipe = (image_folder(name) / "Dockerfile").read_bytes()
    return f"maildrill/{name}:{hashlib.sha256(BASE_TAG.encode() + recipe).hexdigest()[:12]}"


def ensure_images(client: Any, names: Iterable[str], say: Say = print) -> dict[str, str]:
    """Build what is missing; name -> tag. Raises EnvironmentProblem if an image cannot be built."""
    tags = {name: tag_of(name) for name in sorted(names)}
    if not _missing(client, tags):
        return tags
    with _one_process():
        missing = _missing(client, tags)
        if missing:
            _ensure_base(client, say)
        with ThreadPoolExecutor(BUILDERS) as pool:
            list(pool.map(lambda name: _build(client, name, tags[name], say), missing))
    return tags


def _missing(client: Any, tags: dict[str, str]) -> list[str]:
    return [name for name, tag in tags.items() if not _there(client, tag)]


def _there(client: Any, tag: str) -> bool:
    try:
        client.images.get(tag)
    except ImageNotFound:
        return False
    return True


@contextmanager
def _one_process() -> Iterator[None]:
    with open(Path(tempfile.gettempdir()) / f"maildrill-images-{os.getuid()}.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(client: Any, name: str, tag: str, say: Say) -> None:
    say(f"building image {name}")
    _run_build(client, name, path=str(image_folder(name)), tag=tag, buildargs={"BASE": BASE_TAG})


def _run_build(client: Any, name: str, **arguments: Any) -> None:
    try:
        client.images.build(rm=True, forcerm=True, labels=LABELS, **arguments)
    except BuildError as problem:
        tail = "".join(str(line.get("stream", "")) for line in problem.build_log)[-1500:]
        raise EnvironmentProblem(f"image {name} cannot be built: {problem}\n{tail}") from problem


def _ensure_base(client: Any, say: Say) -> None:
    if _there(client, BASE_TAG):
        return
    if _there(client, UPSTREAM) or _pull(say):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "Dockerfile").write_text(f"FROM {UPSTREAM}\n")
            _run_build(client, "base", path=folder, tag=BASE_TAG)
        return
    _bootstrap(client, say)


def _pull(say: Say) -> bool:
    say(f"pulling {UPSTREAM}")
    repository, tag = UPSTREAM.split(":")
    try:
        docker.from_env(timeout=PULL_TIMEOUT_S).images.pull(repository, tag=tag)
    except (DockerException, OSError) as problem:
        say(f"{UPSTREAM} cannot be pulled ({type(problem).__name__}); making it with debootstrap")
        return False
    return True


def _bootstrap(client: Any, say: Say) -> None:
    """The base image from Debian's packages, where no registry can be reached."""
    if os.getuid() != 0 or shutil.which("debootstrap") is None:
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


def _command(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        tail = (done.stdout + done.stderr)[-1500:]
        raise EnvironmentProblem(f"{command[0]} failed ({done.returncode}):\n{tail}")
