"""One HTTP call of an owner's hook: what came back, and nothing of the secrets in it.

Redirects are not followed: the call, with what authorises it, is meant for the host in the file, and an answer from
another place says nothing about what was done.
"""

from __future__ import annotations

import http.client
import string
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any

from maildrill.cluster.attached import REFERENCE, Http

MOST_SAID = 500


class CallFailed(RuntimeError):
    """No answer that is HTTP; the message says why, without the text of the call."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """None follows."""


_OPENER = urllib.request.build_opener(_NoRedirects)


def in_url(secret: str) -> str:
    """A secret as it stands in a URL: what cannot stand there is written as %XX."""
    return urllib.parse.quote(secret, safe=string.punctuation)


def call(what: Http, secrets: Mapping[str, str], deadline: float) -> tuple[int, str]:
    """(status, begin of the answer). ``deadline`` in s. Raises CallFailed."""
    url = _filled(what.url, {name: in_url(secret) for name, secret in secrets.items()})
    headers = {name: _filled(value, secrets) for name, value in what.headers.items()}
    body = None if what.body is None else _filled(what.body, secrets).encode()
    try:
        request = urllib.request.Request(url, body, headers, method=what.method)
        with _OPENER.open(request, timeout=deadline) as answer:
            return answer.status, _text(answer.read(MOST_SAID))
    except urllib.error.HTTPError as refused:
        return refused.code, _text(refused.read(MOST_SAID))
    except (http.client.HTTPException, ValueError) as problem:  # their texts quote the call, or what came
        raise CallFailed(f"could not be sent, or the answer was not HTTP ({type(problem).__name__})") from None
    except OSError as problem:
        raise CallFailed(str(problem)) from None


def _filled(text: str, secrets: Mapping[str, str]) -> str:
    return REFERENCE.sub(lambda found: secrets[found[1]], text)


def _text(said: bytes) -> str:
    return said.decode(errors="replace")
