"""HTTP calls of an owner's hooks: their secrets reach the host in the file and nothing else."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from staging import ENVIRONMENT, model_of

from maildrill.cluster.attached import Http, read_secrets
from maildrill.drill.web import CallFailed, call
from maildrill.errors import BadInput

SECRETS = {"TOKEN": "s3 cret/ü"}


@pytest.fixture
def api() -> Iterator[tuple[str, list[str]]]:
    """A server that sends everybody who asks /moved to another path: (its address, the paths it was asked for)."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.send_response(302 if self.path == "/moved" else 200)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        do_GET = do_POST

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


@pytest.fixture
def garbage() -> Iterator[str]:
    """The address of a server that answers something that is not HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            peer, _ = server.accept()
            with peer:
                peer.recv(1000)
                peer.sendall(b"hello s3 cret\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_redirect_is_an_answer_and_is_not_followed(api: tuple[str, list[str]]) -> None:
    url, asked = api
    assert call(Http(url=f"{url}/moved"), SECRETS, 5.0)[0] == 302
    assert asked == ["/moved"]


def test_a_secret_in_a_url_is_written_as_a_url_allows(api: tuple[str, list[str]]) -> None:
    url, asked = api
    assert call(Http(url=f"{url}/on?key=${{TOKEN}}&x=%20"), SECRETS, 5.0)[0] == 200
    assert asked == ["/on?key=s3%20cret/%C3%BC&x=%20"]


def test_an_answer_that_is_not_http_fails_in_a_sentence_without_what_was_said(garbage: str) -> None:
    with pytest.raises(CallFailed, match=r"the answer was not HTTP \(BadStatusLine\)"):
        call(Http(url=garbage), SECRETS, 5.0)


@pytest.mark.parametrize("what", [
    {"headers": {"X-Token": "${TOKEN}\n"}}, {"headers": {"X-Token": "€ ${TOKEN}"}}, {"url": "http://127.0.0.1:x/${TOKEN}"},
])  # fmt: skip
def test_a_call_that_cannot_be_sent_does_not_tell_its_secret(what: dict[str, Any]) -> None:
    with pytest.raises(CallFailed) as failed:
        call(Http.model_validate({"url": "http://127.0.0.1:9/", **what}), SECRETS, 1.0)
    assert "s3" not in str(failed.value)


def test_nobody_there_is_said(unused_tcp_port: int) -> None:
    with pytest.raises(CallFailed, match="refused"):
        call(Http(url=f"http://127.0.0.1:{unused_tcp_port}/"), SECRETS, 1.0)


@pytest.fixture
def unused_tcp_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_secret_with_a_line_break_is_refused_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would reach a header as two lines, and messages in a form in which nobody recognises it."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("POWER_TOKEN", "s3cret\n")
    with pytest.raises(BadInput, match="control character: POWER_TOKEN") as failed:
        read_secrets(model_of(tmp_path))
    assert "s3cret" not in str(failed.value)
