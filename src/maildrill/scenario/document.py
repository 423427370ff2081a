"""YAML files that remember where everything stood, so that an error can name file, line and column."""

from __future__ import annotations

import types
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from maildrill.errors import BadInput
from maildrill.scenario.reading import plain, read_tree
from maildrill.scenario.words import mistake, nearest

M = TypeVar("M", bound=BaseModel)
Loc = tuple[str | int, ...]
KEY = "[key]"
"""What pydantic calls the key of a mapping, as the last part of a place."""


@dataclass(frozen=True)
class Document:
    """A YAML file as read: ``data`` in plain Python types, ``tree`` with the positions.

    With a ``base``, ``data`` is that of the file on top of the base's: what does not stand in the file stands there.
    """

    path: Path
    data: Any
    tree: Any
    base: Document | None = None

    def where(self, loc: Loc = (), *, key: bool = False) -> str:
        """ "file:line:column" of the value at ``loc`` (of its key, if ``key``), or of the nearest parent."""
        _, path, line, column = self._nearest(loc, key)
        return f"{path}:{line + 1}:{column + 1}"

    def _nearest(self, loc: Loc, key: bool) -> tuple[int, Path, int, int]:
        """How much of ``loc`` stands in the file that has most of it (of two with as much: the upper); and where."""
        depth, line, column = _position(self.tree, loc, key)
        below = self.base._nearest(loc, key) if self.base else None
        return below if below and below[0] > depth else (depth, self.path, line, column)

    def bad(self, loc: Loc, message: str, *, key: bool = False) -> BadInput:
        """The error to raise for what stands at ``loc`` (for its key, if ``key``)."""
        name = dotted(loc)
        return BadInput(f"{self.where(loc, key=key)}: {name + ': ' if name else ''}{message}")


def read_yaml(path: Path) -> Document:
    """Read one YAML mapping. Raises BadInput, with the position, if that cannot be done."""
    tree = read_tree(path)
    return Document(path, plain(tree), tree)


def check(model: type[M], document: Document, data: Any = None, at: Loc = ()) -> M:
    """The document (or ``data`` made from it, standing ``at`` a place) as a ``model``.

    Raises BadInput listing every mistake.
    """
    try:
        return model.model_validate(document.data if data is None else data)
    except ValidationError as error:
        lines = [_explain(model, document, dict(one), at) for one in error.errors()]
        raise BadInput("\n".join(dict.fromkeys(lines))) from None


def dotted(loc: Loc) -> str:
    """A place in a file as people write it: timeline[0].target.role"""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).lstrip(".")


def _explain(model: type[BaseModel], document: Document, error: dict[str, Any], at: Loc) -> str:
    inside, kind = tuple(error["loc"]), error["type"]
    loc = (*at, *_untagged(model, inside))
    if kind == "extra_forbidden":
        hint = nearest(str(loc[-1]), _fields(model, inside[:-1]))
        return f'{document.where(loc, key=True)}: unknown field "{dotted(loc)}"; {hint}'
    if kind == "missing":
        return f'{document.where(loc[:-1])}: field "{dotted(loc)}" is missing'
    if field := error.get("ctx", {}).get("field"):
        loc, error = (*loc, field), error | {"input": error["input"][field]}
    is_key = loc[-1:] == (KEY,) or kind == "invalid_key"
    loc = loc[:-1] if loc[-1:] == (KEY,) else loc
    return f"{document.where(loc, key=is_key)}: {dotted(loc)}: {mistake(error)}"


def _fields(model: type[BaseModel], loc: Loc) -> list[str]:
    """Names valid inside the part of ``model`` at ``loc``, as they are written in a file."""
    here: Any = model
    for part in loc:
        here = _step(here, part)
    return [field.alias or name for name, field in here.model_fields.items()] if _is_model(here) else []


def _untagged(model: type[BaseModel], loc: Loc) -> Loc:
    """A place without the tags that say which of several models was meant: they do not stand in the file."""
    here: Any = model
    found: list[str | int] = []
    for part in loc:
        if part not in _tags(here):
            found.append(part)
        here = _step(here, part)
    return tuple(found)


def _tags(kind: Any) -> dict[Any, Any]:
    """Tag -> model of a union of tagged models; empty for anything else."""
    if get_origin(kind) not in (Union, types.UnionType):
        return {}
    return {meta.tag: get_args(arg)[0] for arg in get_args(kind) for meta in get_args(arg)[1:] if isinstance(meta, Tag)}


def _step(here: Any, part: str | int) -> Any:
    if part in (tags := _tags(here)):
        return tags[part]
    if _is_model(here):
        for name, field in here.model_fields.items():
            if part in (name, field.alias):
                return _innermost(field.annotation, keep_container=True)
        return None
    return _innermost(here) if get_origin(here) in (list, tuple, dict) else here


def _innermost(kind: Any, keep_container: bool = False) -> Any:
    """The model inside Annotated, Optional, and (unless kept) list, tuple or dict."""
    origin = get_origin(kind)
    if origin is Annotated:
        return _innermost(get_args(kind)[0], keep_container)
    if origin in (Union, types.UnionType):
        if _tags(kind):
            return kind
        inner = [_innermost(arg, keep_container) for arg in get_args(kind) if arg is not type(None)]
        return next((one for one in inner if _is_model(one) or get_origin(one)), None)
    if origin in (list, tuple, dict) and not keep_container:
        return _innermost(get_args(kind)[-1 if origin is dict else 0])
    return kind


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _position(tree: Any, loc: Loc, key: bool) -> tuple[int, int, int]:
    """How many parts of ``loc`` stand in a tree, and line and column (from 0) of the last that does."""
    here, found = tree, (0, 0, 0)
    for depth, part in enumerate(loc, start=1):
        try:
            if isinstance(here, CommentedMap) and part in here:
                nothing = here[part] is None  # an empty value stands nowhere, or on a later line
                line, column = here.lc.key(part) if nothing or (key and depth == len(loc)) else here.lc.value(part)
            elif isinstance(here, CommentedSeq) and isinstance(part, int) and part < len(here):
                line, column = here.lc.item(part)
            else:
                return found
        except (KeyError, TypeError):  # merged in by an anchor: it has no place of its own
            return found
        here, found = here[part], (depth, int(line), int(column))
    return found
