"""The secrets of an attached cluster: its file names environment variables, which hold them; no file ever does."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

from maildrill.cluster.attached import HEADER_VALUE, AttachedCluster
from maildrill.errors import BadInput
from maildrill.traffic.withheld import without

REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
USER_INFO = re.compile(r"://[^/\s@]*@")
SAYABLE = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]*")
"""Neither control characters nor (as surrogates) bytes that are no UTF-8."""
IN_HEADER = re.compile(HEADER_VALUE)
IN_URL = re.compile(r"[A-Za-z0-9._~!$'()*+,;=:/%-]*")
"""What means nothing else within a path or a query (RFC 3986)."""


def read_secrets(model: AttachedCluster) -> dict[str, str]:
    """Environment variable -> value, of all that the file names.

    Raises BadInput that lists every one that is missing, or that could not be sent where it is to go.
    """
    names = list(dict.fromkeys(_names(model)))
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        raise BadInput(f'attached cluster "{model.cluster}": set these environment variables: {", ".join(missing)}')
    if wrong := list(_unfit(model, names)):
        raise BadInput(f'attached cluster "{model.cluster}": {"; ".join(wrong)}')
    return {name: os.environ[name] for name in names}


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """A text for people and files: none of these secrets, and no user and password of a URL."""
    return USER_INFO.sub("://***@", without(text, secrets))


def known_secrets(model: AttachedCluster) -> list[str]:
    """The values that are in the environment, whether they could be used or not."""
    return [os.environ[name] for name in _names(model) if os.environ.get(name)]


def _names(model: AttachedCluster) -> list[str]:
    calls = [hook.http for hook in model.hooks() if hook.http is not None]
    return [account.password_env for account in model.accounts] + _named([t for call in calls for t in call.texts()])


def _named(texts: Iterable[str]) -> list[str]:
    return [name for text in texts for name in REFERENCE.findall(text)]


def _unfit(model: AttachedCluster, names: list[str]) -> Iterator[str]:
    """Sentences that name the variable and not its value; at most one for each."""
    calls = [hook.http for hook in model.hooks() if hook.http is not None]
    in_url, in_header = _named(call.url for call in calls), _named(t for call in calls for t in call.headers.values())
    for name in names:
        value = os.environ[name]
        if not SAYABLE.fullmatch(value):
            yield f"{name} holds a control character (a line break at its end?) or is no UTF-8; set it without"
        elif name in in_url and not IN_URL.fullmatch(value):
            yield f"{name} stands in a URL and holds a character that must be percent-encoded there; set it encoded"
        elif name in in_header and not IN_HEADER.fullmatch(value):
            yield f"{name} stands in an HTTP header and holds a character that no header can carry (only Latin-1 can)"
