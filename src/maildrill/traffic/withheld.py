"""Texts for people and files, without secrets that somebody else repeats: a server, a command, an HTTP API."""

from __future__ import annotations

import base64
import html
import json
import re
import urllib.parse
from collections.abc import Iterable

BYTES = "surrogateescape"
"""How the environment holds bytes that are no UTF-8."""


def without(text: str, secrets: Iterable[str]) -> str:
    """The text with *** for each secret, the longest that fits first: one may be the beginning of another."""
    forms = sorted({form for secret in secrets for form in _spellings(secret)}, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, forms)), "***", text) if forms else text


def _spellings(secret: str) -> set[str]:
    """A secret as it stands; as JSON (in ASCII or not: then it is IMAP's quoted string), HTML, URLs and forms write it;
    as AUTH sends it.
    """
    encoded = base64.b64encode(secret.encode(errors=BYTES)).decode()
    quoted = {json.dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    in_urls = {write(secret, safe="", errors=BYTES) for write in (urllib.parse.quote, urllib.parse.quote_plus)}
    return {secret, html.escape(secret), encoded, *quoted, *in_urls} - {""}
