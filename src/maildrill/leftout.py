"""What a plain pytest leaves out: tests that take longer than a person waits for, unless they are asked for."""

from __future__ import annotations

import re

import pytest

INI = "maildrill_left_out"
OPERATORS = ("and", "or", "not")


def add_ini(parser: pytest.Parser) -> None:
    """The option of pyproject.toml or pytest.ini that names the marks."""
    parser.addini(INI, "marks of tests that run only when asked for: by -m, by name", type="args", default=[])


def is_left_out(config: pytest.Config, item: pytest.Item) -> bool:
    """Whether a test has one of the marks, and nobody asked for it.

    -m asks for what it matches; a test's full id asks for that test; -k asks for a drill by its scenario's name
    or the beginning of it, but not for the same scenario's twin or defects.
    """
    if config.option.markexpr or not any(item.get_closest_marker(mark) for mark in config.getini(INI)):
        return False
    if any(given.endswith(f"::{item.name}") for given in config.args):
        return False
    call = getattr(item, "callspec", None)
    return call is None or "drill" not in call.params or not _named(config.option.keyword, call.id)


def _named(keywords: str, name: str) -> bool:
    words = [word for word in re.split(r"[\s()]+", keywords.lower()) if word and word not in OPERATORS]
    return any(name.lower().startswith(word) for word in words)
