"""Secrets of an attached system: they come from the environment, go where the file says, and stand nowhere else."""

from __future__ import annotations

import asyncio
import base64
import http.server
import json
import os
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote_plus

import aiosmtplib
import pytest
from hypothesis import given
from hypothesis import strategies as st
from staging import CLUSTER, ENVIRONMENT, model_of, write

from maildrill.cluster.attached import AttachedCluster, Hook, Http
from maildrill.cluster.clusterfile import load_any_cluster
from maildrill.cluster.confidential import read_secrets
from maildrill.cluster.up import RunningCluster
from maildrill.drill.owner import LIST, HookFailed, OwnersHands
from maildrill.errors import BadInput
from maildrill.traffic.imap import Imap, ImapError
from maildrill.traffic.transaction import Tried, _judge
from maildrill.traffic.withheld import without

URL = "https://power.test/mx1/on"


def never() -> bool:
    return False


def hands_with(folder: Path, **secrets: str) -> OwnersHands:
    """Hands that hold these secrets, whether they would be taken from the environment or not."""
    return OwnersHands(model_of(folder), ENVIRONMENT | secrets, folder, lambda _: None)


def said_by(hands: OwnersHands, hook: Hook) -> str:
    """What a hook that fails is written down with."""
    with pytest.raises(HookFailed) as failed:
        hands.carry_out(hook, {}, never, False)
    return str(failed.value)


@contextmanager
def server(answer: Callable[[http.server.BaseHTTPRequestHandler], None]) -> Iterator[tuple[str, list[str]]]:
    """An HTTP server: (its address, what it was asked)."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(f"{self.command} {self.path} {self.headers.get('Authorization')}")
            answer(self)

        do_GET = do_POST

        def log_message(self, *_: Any) -> None:
            pass

    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{made.server_port}", asked
    made.shutdown()
    made.server_close()


def call(url: str, **more: Any) -> Hook:
    return Hook(http=Http(url=url, headers={"Authorization": "Bearer ${POWER_TOKEN}"}, **more))


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    """The secret is for the host that the file names; and what another one answers proves nothing."""

    def redirect(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", f"{elsewhere}/steal")
        handler.end_headers()

    def fine(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()

    hands = hands_with(tmp_path)
    with server(fine) as (elsewhere, stolen), server(redirect) as (url, asked):
        assert "status 302, not 2xx" in said_by(hands, call(f"{url}/on"))
        hands.carry_out(call(f"{url}/on", expect="3xx"), {}, never, False)
        assert asked == ["POST /on Bearer t0ken"] * 2
        assert stolen == []


def test_what_is_no_http_is_a_failed_hook(tmp_path: Path) -> None:
    """Not an error of the drill; and what came is not repeated: it may be the request."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def garbage() -> None:
            with listening.accept()[0] as connection:
                asked = connection.recv(65536)
                connection.sendall(b"what is " + re.findall(rb"Bearer .*", asked)[0] + b"\r\n")

        threading.Thread(target=garbage, daemon=True).start()
        said = said_by(hands_with(tmp_path), call(f"http://127.0.0.1:{listening.getsockname()[1]}/on"))
    assert said.endswith("(BadStatusLine)")
    assert "t0ken" not in said


@pytest.mark.parametrize(
    ("secret", "hook"),
    [("s3cret\n", call(URL)), ("s3 cret", Hook(http=Http(url=f"{URL}?key=${{POWER_TOKEN}}"))),
     ("pässwört€", call(URL)), ("bytes\udcff", Hook(http=Http(url=URL, body="${POWER_TOKEN}")))],
)  # fmt: skip
def test_a_call_that_cannot_be_sent_is_said_without_its_secret(tmp_path: Path, secret: str, hook: Hook) -> None:
    """Such a value is refused before; should one come through, only the sort of the mistake is written down."""
    said = said_by(hands_with(tmp_path, POWER_TOKEN=secret), hook)
    assert re.fullmatch(rf"POST {re.escape(hook.http.url)}: [a-zA-Z, ]+\(\w+\)", said)  # type: ignore[union-attr]


def test_a_secret_is_not_cut_where_a_long_answer_is(tmp_path: Path) -> None:
    def refuse(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(500)
        handler.end_headers()
        handler.wfile.write(b"x" * 490 + secret.encode() + b"y" * 500)

    secret = "0123456789abcdefghij"
    with server(refuse) as (url, _):
        said = said_by(hands_with(tmp_path, POWER_TOKEN=secret), call(url))
    assert said.endswith("x***yyyyyyy")


def test_of_two_secrets_one_may_be_the_beginning_of_the_other(tmp_path: Path) -> None:
    hands = hands_with(tmp_path, DRILL_ONE="pass", DRILL_TWO="pass-two")
    assert said_by(hands, Hook(run="echo pass pass-two; exit 1")) == "exit code 1: *** ***"


def test_who_repeats_an_imap_login_repeats_no_password() -> None:
    """There, only quotes and backslashes are escaped, and not what is beyond ASCII."""
    assert without('LOGIN "u" "p\u00e4\\"ss" refused', ['p\u00e4"ss']) == 'LOGIN "u" "***" refused'


def test_a_secret_that_is_no_utf8_is_withheld_too() -> None:
    """A dry run prints hooks with whatever the environment holds; only a real one refuses such a value."""
    assert without("a\udcffb", ["\udcff"]) == "a***b"


SECRETS = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="*"), min_size=4), min_size=1, max_size=3)


@given(SECRETS, st.data())
def test_no_secret_stays_in_a_text_however_it_is_spelled(secrets: list[str], data: st.DataObject) -> None:
    """Whoever repeats one may have it quoted; "*" stands between, so that none is made of two others' ends."""
    spelled = [f"a{s}" for s in secrets] + [json.dumps(s) for s in secrets]
    spelled += [base64.b64encode(s.encode()).decode() for s in secrets]
    spelled += [json.dumps(s, ensure_ascii=False) for s in secrets] + [quote_plus(s) for s in secrets]
    text = "*".join(data.draw(st.permutations(spelled)))
    found = without(text, secrets)
    for form in (*secrets, *spelled):
        assert form not in found


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("POWER_TOKEN", "s3cret\n", "POWER_TOKEN holds a control character"),
     ("DRILL_ONE", "s3\x00cret", "DRILL_ONE holds a control character"),
     ("DRILL_ONE", "s3cret\udcff", "DRILL_ONE holds a control character"),
     ("POWER_TOKEN", "s3cret€", "POWER_TOKEN stands in an HTTP header"),
     ("URL_KEY", "s3 cret", "URL_KEY stands in a URL"), ("URL_KEY", "s3#cret", "URL_KEY stands in a URL")],
)  # fmt: skip
def test_a_secret_that_could_not_be_sent_is_refused_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setattr(os, "environ", ENVIRONMENT | {"URL_KEY": "k3y", name: value})
    with pytest.raises(BadInput) as refused:
        read_secrets(with_url(tmp_path, f"{URL}?key=${{URL_KEY}}"))
    assert str(refused.value).startswith(f'attached cluster "staging": {said}')
    assert "s3" not in str(refused.value)


def with_url(folder: Path, url: str) -> AttachedCluster:
    """The staging system, whose heal is called at another URL."""
    model = load_any_cluster(str(write(folder, cluster=CLUSTER.replace(URL, url))[1]))
    assert isinstance(model, AttachedCluster)
    return model


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> AttachedCluster:
    return model_of(tmp_path_factory.mktemp("files"))


@given(st.characters(categories=["Cc", "Cs"]), st.text(max_size=5), st.sampled_from(sorted(ENVIRONMENT)))
def test_no_control_character_is_taken(staging: AttachedCluster, control: str, end: str, name: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "environ", ENVIRONMENT | {name: f"s3cret{control}{end}"})
        with pytest.raises(BadInput, match=f"{name} holds a control character"):
            read_secrets(staging)


@pytest.mark.parametrize(
    ("url", "said"),
    [("https://me:${POWER_TOKEN}@power.test/on", "no user and password in a URL"), ("https://power.test/a b", "spaces"),
     ("https://power.test/ä", "ASCII")],
)  # fmt: skip
def test_a_url_that_no_call_could_be_made_to_is_refused_with_its_place(tmp_path: Path, url: str, said: str) -> None:
    with pytest.raises(BadInput, match=rf"staging.yaml:17:\d+: .*{said}"):
        with_url(tmp_path, url)


def test_what_a_person_is_asked_is_never_a_command_of_the_list(tmp_path: Path) -> None:
    """The list is for `sh`; a question of several lines stands there as comments, all of it."""
    hands_with(tmp_path).owe("kill on mx1", Hook(ask=f"plug it in\ntouch {tmp_path / 'touched'}\n"), {})
    assert os.system(f"sh {tmp_path / LIST}") == 0
    assert not (tmp_path / "touched").exists()


def test_a_password_that_an_imap_server_repeats_is_not_kept() -> None:
    async def scene() -> str:
        async def repeat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"* OK ready\r\n")
            tag, _, command = (await reader.readline()).decode().partition(" ")
            writer.write(f"{tag} BAD {'.' * 60} unknown command: {command}".encode())

        there = await asyncio.start_server(repeat, "127.0.0.1", 0)
        imap = await Imap.open("127.0.0.1", there.sockets[0].getsockname()[1], None, "", 2.0)
        with pytest.raises(ImapError) as failed:
            await imap.login("user1@example.test", 'correct "horse" battery')
        imap.close()
        there.close()
        return str(failed.value)

    said = asyncio.run(scene())
    assert said.startswith("LOGIN: ")
    assert '"user1@example.test" "***"' in said


def test_a_password_that_an_smtp_server_repeats_is_not_kept() -> None:
    tried, account = Tried("127.0.0.1", 0.0), ("user1@example.test", "pass-one")
    repeated = base64.b64encode(b"\0user1@example.test\0pass-one").decode()
    _judge(tried, aiosmtplib.SMTPAuthenticationError(500, f"what is AUTH PLAIN {repeated}? pass-one?"), account)
    assert tried.reply == "SMTPAuthenticationError: what is AUTH PLAIN ***? ***?"
    assert tried.outcome == "permanent"


def test_a_cluster_is_shown_without_its_passwords() -> None:
    """A traceback shows what it was called with."""
    parts: dict[str, Any] = dict.fromkeys(RunningCluster.__dataclass_fields__) | {"accounts": [("user1", "pass-one")]}
    assert "pass-one" not in repr(SimpleNamespace(cluster=RunningCluster(**parts)))
