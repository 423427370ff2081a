"""Reads cluster files: found by name or path, put on top of those that they extend, and checked completely."""

from __future__ import annotations

import dataclasses
import difflib
from pathlib import Path
from typing import Any

from maildrill.cluster.attached import AttachedCluster
from maildrill.cluster.model import AnyCluster, ClusterModel
from maildrill.cluster.sense import check_cluster
from maildrill.errors import BadInput
from maildrill.places import is_file
from maildrill.scenario.document import Document, check, nearest, read_yaml
from maildrill.shipped import data_dir, list_clusters

ITS_OWN = ("cluster", "about")
"""What a cluster does not inherit: under the name of another one, its drills would be taken for that one's."""


def load_any_cluster(name_or_path: str, folder: Path | None = None) -> AnyCluster:
    """A cluster that can be started, or (by its field ``attached``) one that runs already. Raises BadInput."""
    document = read_yaml(find_cluster_file(name_or_path, folder))
    if "attached" not in document.data:
        _check_not_meant(document, "attached")
        return load_cluster(name_or_path, folder)
    model = check(AttachedCluster, document)
    model.remember(document)
    return model


def is_cluster_file(path: Path) -> bool:
    """Whether a YAML file describes a cluster, not a scenario on one. A file that cannot be read is none."""
    try:
        fields = read_yaml(path).data
    except BadInput:
        return False
    return not fields.keys().isdisjoint(("nodes", "extends", "attached")) and "timeline" not in fields


def load_cluster(name_or_path: str, folder: Path | None = None) -> ClusterModel:
    """A cluster that can be started: shipped, by name, or a file. Raises BadInput with file, line and column."""
    document = read_yaml(find_cluster_file(name_or_path, folder))
    if "attached" in document.data:
        raise document.bad(("attached",), "this system runs already; here a cluster that can be started is needed")
    document = _extended(document, folder, ())
    model = check(ClusterModel, document)
    check_cluster(model, document)
    return model


def find_cluster_file(name_or_path: str, folder: Path | None = None) -> Path:
    """The file of a cluster. Raises BadInput if there is none."""
    if name_or_path.endswith((".yaml", ".yml")):
        path = (folder or Path()) / name_or_path
        if not is_file(path):
            raise BadInput(f'no cluster file "{path}"')
        return path
    for place in (folder, data_dir() / "fixtures" / "clusters"):
        if place is not None and is_file(place / f"{name_or_path}.yaml"):
            return place / f"{name_or_path}.yaml"
    raise BadInput(f'unknown cluster "{name_or_path}"; {nearest(name_or_path, list_clusters())}')


def _check_not_meant(document: Document, word: str) -> None:
    """No field is a misspelt ``word``: one that says what the file is would make every other field seem wrong."""
    for name in document.data.keys() - ClusterModel.model_fields.keys():
        if difflib.get_close_matches(str(name), [word], cutoff=0.8):
            message = f'unknown field "{name}"; did you mean "{word}"?'
            raise BadInput(f"{document.where((name,), key=True)}: {message}")


def _extended(document: Document, folder: Path | None, seen: tuple[Path, ...]) -> Document:
    """The document on top of those that it extends."""
    parent = document.data.get("extends")
    if not isinstance(parent, str):
        return document
    if document.path.resolve() in seen:
        raise document.bad(("extends",), "clusters extend each other in a circle")
    by_path = parent.endswith((".yaml", ".yml"))
    try:
        file = find_cluster_file(parent, document.path.parent if by_path else folder)
    except BadInput as error:
        raise document.bad(("extends",), str(error)) from None
    base = _extended(read_yaml(file), folder, (*seen, document.path.resolve()))
    inherited = {name: value for name, value in base.data.items() if name not in ITS_OWN}
    return dataclasses.replace(document, data=merge(inherited, document.data), base=base)


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """``base`` with ``over`` on top, mapping by mapping; null removes a key."""
    merged = dict(base)
    for key, value in over.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = value
    return merged
