"""image.yaml: what is known of a server image without building it."""

from __future__ import annotations

import functools
from pathlib import Path

from pydantic import Field

from maildrill.scenario.document import check, read_yaml
from maildrill.scenario.model import Strict
from maildrill.shipped import data_dir, list_images


class Queue(Strict):
    """How an image's mail queue is looked at and moved, by shell commands in a node."""

    waiting: str = Field(description="prints how many messages wait")
    flush: str = Field(description="makes all of them due now")


class ImageModel(Strict):
    """What an image needs at start, how one sees that it works, and what a cluster file may say of it.

    ``reload``: shell commands after which its servers use changed certificates. ``queue``: none if mail for
    its users is handed over to no other server, so that it waits for nobody. ``checks``: role -> port ->
    protocol. ``inside``: role -> more ports, at which other servers may connect. ``timers``: the names that a
    cluster file may set under this image's name; ``settings``: those it may set for a node. ``replication``:
    the kind its stores can do.
    """

    about: str = ""
    base: str = "debian:bookworm-slim"
    files: dict[str, str] = Field({})
    tls: bool = False
    reload: list[str] = Field([])
    queue: Queue | None = None
    volumes: dict[str, str] = Field({})
    checks: dict[str, dict[int, str]] = Field({})
    inside: dict[str, list[int]] = Field({})
    capabilities: list[str] = Field([], description="what the container may do beyond the engine's default")
    timers: list[str] = Field([])
    settings: list[str] = Field([])
    replication: str = ""


def image_folder(name: str) -> Path:
    """Where an image's Dockerfile and templates are."""
    return data_dir() / "fixtures" / "images" / name


@functools.cache
def read_image(name: str) -> ImageModel:
    """An image's image.yaml. Raises BadInput."""
    return check(ImageModel, read_yaml(image_folder(name) / "image.yaml"))


def known_roles() -> set[str]:
    """Every role that some image has."""
    return {role for name in list_images() for role in read_image(name).checks}


def known_timers() -> dict[str, list[str]]:
    """Image -> the timers it has; those without any are left out."""
    return {name: timers for name in list_images() if (timers := read_image(name).timers)}
