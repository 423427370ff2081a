"""Server images: named after their content, built once, side by side, by one process at a time."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from docker.errors import APIError, BuildError, ImageNotFound

from maildrill.cluster.base import BASE_TAG, Say, ensure_base, is_there
from maildrill.cluster.imagefile import image_folder
from maildrill.errors import EnvironmentProblem

LABELS = {"maildrill": "image"}
BUILDERS = 3
UNTAGGED = "<none>:<none>"
IN_USE = 409  # the engine's answer for an image that a container uses


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
            ensure_base(client, lambda folder: _run_build(client, "base", path=str(folder), tag=BASE_TAG), say)
        with ThreadPoolExecutor(BUILDERS) as pool:
            list(pool.map(lambda name: _build(client, name, tags[name], say), missing))
    return tags


def missing_images(client: Any, names: Iterable[str]) -> list[str]:
    """Those of the images that have not been built, or not as their folders are now."""
    return _missing(client, {name: tag_of(name) for name in sorted(names)})


def _missing(client: Any, tags: dict[str, str]) -> list[str]:
    return [name for name, tag in tags.items() if not is_there(client, tag)]


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


def remove_superseded(client: Any, current: Iterable[str]) -> list[str]:
    """Remove our images that are not named by a current tag and that no container uses; returns what was removed.

    Another checkout, with other Dockerfiles, has to build its own again.
    """
    keep = {BASE_TAG, *current}
    for container in client.api.containers(all=True):
        keep |= {container["Image"], container["ImageID"]}
    ours = client.api.images(filters={"label": [f"{key}={value}" for key, value in LABELS.items()]})
    return [name for name in superseded(ours, keep) if _remove(client, name)]


def superseded(images: list[dict[str, Any]], keep: set[str]) -> list[str]:
    """Tags, or the ids of images without one, as the engine lists them; less those to keep, by tag or id.

    Names that somebody else gave an image are not ours to remove.
    """
    found = []
    for image in images:
        if image["Id"] not in keep:
            tags = [tag for tag in image["RepoTags"] or () if tag != UNTAGGED]
            found += (
                [tag for tag in tags if tag.startswith("maildrill/") and tag not in keep] if tags else [image["Id"]]
            )
    return sorted(found)


def _remove(client: Any, name: str) -> bool:
    try:
        client.images.remove(name)
    except ImageNotFound:
        return False
    except APIError as problem:
        if problem.status_code != IN_USE:  # since we looked
            raise
        return False
    return True
