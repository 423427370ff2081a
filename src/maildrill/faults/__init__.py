"""The faults maildrill can inject: one concept per file, in a folder per group, looked up by kind."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

from maildrill.faults.fault import Fault, NoParameters, World


def _discover() -> dict[str, type[Fault]]:
    """Every concrete Fault with a ``kind``, in the folders below this one."""
    found: dict[str, type[Fault]] = {}
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        for one in vars(importlib.import_module(module.name)).values():
            ours = isinstance(one, type) and issubclass(one, Fault) and one.__module__ == module.name
            if ours and one.kind and not inspect.isabstract(one):
                found[one.kind] = one
    return dict(sorted(found.items(), key=lambda item: (item[1].group(), item[0])))


KINDS: dict[str, type[Fault]] = _discover()

__all__ = ["KINDS", "Fault", "NoParameters", "World"]
