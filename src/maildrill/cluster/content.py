"""Which images a cluster needs, and what they are made of and configured from, in one hash: tags have no templates."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from maildrill.cluster.attach import VANTAGE
from maildrill.cluster.base import BASE_TAG
from maildrill.cluster.imagefile import image_folder
from maildrill.cluster.model import AnyCluster, ClusterModel


def images_of(model: AnyCluster) -> set[str]:
    """The images that a drill on this cluster needs."""
    if isinstance(model, ClusterModel):
        return {node.image for node in model.nodes.values()} | {"helper"}
    return {VANTAGE, "helper"}


def content_of(images: Iterable[str]) -> str:
    """SHA-256 of the base and of every file in the images' folders, by name."""
    found = hashlib.sha256(BASE_TAG.encode())
    for name in sorted(images):
        folder = image_folder(name)
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            inside = hashlib.sha256(path.read_bytes()).hexdigest()
            found.update(f"\n{name}/{path.relative_to(folder).as_posix()} {inside}".encode())
    return found.hexdigest()
