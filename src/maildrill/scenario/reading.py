"""Reading one YAML file: text, numbers, true, false, lists and mappings, each with its place. Nothing else is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import ConstructorError, RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode
from ruamel.yaml.reader import ReaderError

from maildrill.errors import BadInput
from maildrill.scenario.words import found, shortened

YAML_TAG = "tag:yaml.org,2002:"
WORDS = {"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false", "null": "nothing",
         "seq": "a list", "map": "a mapping", "merge": "a merged mapping", "timestamp": "text"}  # fmt: skip
"""The tags that are known, and what they mean to people. What looks like a date is text, as in JSON."""
KEYS = ("str", "int", "timestamp", "merge")
"""The tags that the name of a field can have."""
LARGEST = 2**63
"""Whole numbers from here on are mistakes, and Python is slow to write long ones."""
UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, AssertionError, NotImplementedError)
"""What the parser raises, besides its own errors, about text that it did not foresee."""


def read_tree(path: Path) -> CommentedMap:
    """The mapping in a YAML file; its containers know their places. Raises BadInput, with the place."""
    text = _read_text(path)
    try:
        tree = _parser().load(text)
        plain(tree)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise BadInput(f"{at}: not valid YAML: {error.problem or error.context}") from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise BadInput(f"{path}:{line}: not valid YAML: a character that text cannot have") from None
    except RecursionError:
        raise BadInput(f"{path}: lists or mappings are nested too deeply") from None
    except (YAMLError, *UNREADABLE) as error:
        raise BadInput(f"{path}: not valid YAML: {error}") from None
    if not isinstance(tree, CommentedMap):
        raise BadInput(f"{path}:1:1: expected a mapping of fields, found {found(tree)}")
    return tree


def plain(tree: Any) -> Any:
    """A tree in plain Python types. Raises RecursionError if it is deep, or part of itself (by an alias)."""
    if isinstance(tree, CommentedMap):
        return {key: plain(value) for key, value in tree.items()}
    return [plain(value) for value in tree] if isinstance(tree, CommentedSeq) else tree


def _read_text(path: Path) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise BadInput(f"{path}: cannot be read: {reason}") from None


def _parser() -> YAML:
    parser = YAML(typ="rt", pure=True)
    parser.Constructor = _KnownOnly
    return parser


class _KnownOnly(RoundTripConstructor):
    """Makes only values that every part of maildrill understands; refuses others where they stand."""

    def construct_non_recursive_object(self, node: Any, tag: str | None = None) -> Any:
        """The value of one node. Raises ConstructorError, which has its place."""
        word = WORDS.get(node.tag.removeprefix(YAML_TAG))
        if word is None:
            raise _refused(node, f"the tag {node.tag.replace(YAML_TAG, '!!')} means nothing here")
        if isinstance(node, ScalarNode) == (word in ("a list", "a mapping")):
            raise _refused(node, f"what stands here cannot be read as {word}")
        if isinstance(node, MappingNode):
            _check_keys(node)
        try:
            if word == "text":
                return str(self.construct_scalar(node))
            value = super().construct_non_recursive_object(node, tag)
        except UNREADABLE:
            raise _refused(node, f'"{shortened(str(node.value))}" cannot be read as {word}') from None
        if isinstance(value, int) and abs(value) >= LARGEST:
            raise _refused(node, f'"{shortened(str(node.value))}" is too large a number')
        return value


def _check_keys(node: MappingNode) -> None:
    """Names of fields are text or whole numbers, and each stands once."""
    before = set()
    for key, _ in node.value:
        if not isinstance(key, ScalarNode) or str(key.tag).removeprefix(YAML_TAG) not in KEYS:
            raise _refused(key, "the name of a field is text (in quotes, if it would be read as something else)")
        if key.value in before:
            raise _refused(key, f'the field "{shortened(key.value)}" stands here twice')
        before.add(key.value)


def _refused(node: Any, why: str) -> ConstructorError:
    return ConstructorError(problem=why, problem_mark=node.start_mark)
