"""The programs that faults run beside a server, without a container: what they change and what they leave alone."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from maildrill.faults.daemons import dns_responder, mail_proxy
from maildrill.faults.looks import dialogue, question


def serve(server: socket.socket, got: list[bytes]) -> None:
    """A mail server for one connection: greets, answers each line, and takes a text after the last."""
    connection, _ = server.accept()
    with connection, connection.makefile("rb") as file, contextlib.suppress(OSError):
        connection.sendall(b"220 hello\r\n")
        for reply in REPLIES:
            got.append(file.readline())
            connection.sendall(reply)
        while got[-1] not in (b".\r\n", b""):
            got.append(file.readline())
        if got[-1]:
            connection.sendall(b"250 kept\r\n")
            file.readline()


REPLIES = [b"250-here\r\n250-STARTTLS\r\n250 CHUNKING\r\n", b"250 a\r\n", b"250 b\r\n", b"354 go on\r\n"]


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def talk(server: socket.socket, mode: str, amount: int, size: int) -> tuple[dict[str, object], bytes]:
    """One transaction through the proxy: how far it came, and what the server heard of it."""
    got: list[bytes] = []
    serving = threading.Thread(target=serve, args=(server, got), daemon=True)
    serving.start()
    with socket.create_server(("127.0.0.1", 0)) as front:
        upstream = server.getsockname()

        def proxy() -> None:
            mail_proxy._serve(front.accept()[0], upstream, mode, amount)

        threading.Thread(target=proxy, daemon=True).start()
        where = front.getsockname()
        seen = dialogue.main([where[0], str(where[1]), "EHLO", "a@x.test", "b@x.test", str(size), "3"])
    serving.join(5)
    return seen, b"".join(got)


def test_a_reply_is_swallowed_after_the_whole_text_arrived(server: socket.socket) -> None:
    seen, got = talk(server, "swallow", 0, 1000)
    assert seen["stage"] == "reply"
    assert "ConnectionReset" in str(seen["said"])
    assert got.endswith(b".\r\n")


@pytest.mark.parametrize("size", [400, 200_000])
def test_text_is_cut_and_its_end_never_arrives(server: socket.socket, size: int) -> None:
    seen, got = talk(server, "cut", 300, size)
    assert seen["stage"] in ("text", "reply")
    assert b"\r\n.\r\n" not in got


def test_short_texts_pass_the_cut(server: socket.socket) -> None:
    assert talk(server, "cut", 5000, 100)[0]["stage"] == "done"


@pytest.mark.parametrize(("reply", "left"), [
    (b"250-mx\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 SMTPUTF8\r\n", b"250-mx\r\n250-PIPELINING\r\n250 SMTPUTF8\r\n"),
    (b"250-mx\r\n250 STARTTLS\r\n", b"250 mx\r\n"),
    (b"250 2.0.0 STARTTLS is a word\r\n", b"250 2.0.0 STARTTLS is a word\r\n"),
])  # fmt: skip
def test_offers_of_tls_are_hidden_in_greetings_only(reply: bytes, left: bytes) -> None:
    assert mail_proxy._without(reply) == left


def ask(mode: str, names: list[str], name: str, kind: str = "A") -> tuple[int, list[str]] | None:
    """The response code and addresses of the responder's own answer; None if it says nothing or asks upstream."""
    responder = dns_responder.Responder("0.0.0.0", mode, "192.0.2.7", 60, names)
    query = question._query(7, name, kind)
    kind_number = question.TYPES[kind]
    if not responder.concerns(name, kind_number):
        return None
    reply = responder.answer(query, tcp=False)
    return None if reply is None else (struct.unpack_from(">H", reply, 2)[0] & 15, question._addresses(reply))


@pytest.mark.parametrize(("mode", "names", "name", "kind", "expected"), [
    ("servfail", [], "mail.example.test", "A", (2, [])),
    ("nxdomain", ["example.test"], "mail.example.test", "MX", (3, [])),
    ("nxdomain", ["example.test"], "otherexample.test", "A", None),
    ("answer", ["mail.example.test"], "mail.example.test", "A", (0, ["192.0.2.7"])),
    ("answer", [], "example.test", "MX", None),
    ("timeout", [], "example.test", "A", None),
])  # fmt: skip
def test_a_responder_spoils_what_it_was_told_to(
    mode: str, names: list[str], name: str, kind: str, expected: object
) -> None:
    assert ask(mode, names, name, kind) == expected
