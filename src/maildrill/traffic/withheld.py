"""Texts for people and files, without secrets that somebody else repeats: a server, a command, an HTTP API."""

from __future__ import annotations

import base64
import html
import json
import re
import urllib.parse
from collections.abc import Iterable


def without(text: str, secrets: Iterable[str]) -> str:
    """The text with *** for each secret, the longest that fits first: one may be the beginning of another."""
    forms = sorted({form for secret in secrets for form in _spellings(secret)}, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, forms)), "***", text) if forms else text


def _spellings(secret: str) -> set[str]:
    """A secret as it stands; as JSON, which is IMAP's quoted string too, HTML and URLs write it; as AUTH sends it."""
    encoded = base64.b64encode(secret.encode(errors="surrogateescape")).decode()
    return {secret, json.dumps(secret)[1:-1], html.escape(secret), urllib.parse.quote(secret, safe=""), encoded} - {""}
