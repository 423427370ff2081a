"""One SMTP transaction with one address: what happened, and on which side of the final dot."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import time
from dataclasses import dataclass

import aiosmtplib

from maildrill.traffic.messages import Message
from maildrill.traffic.withheld import without

FAILURES = (aiosmtplib.SMTPException, OSError, asyncio.TimeoutError, EOFError, ValueError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Limits:
    """Patience in seconds: TCP connection, each reply, and the whole transaction (None: no limit)."""

    connect: float
    command: float
    whole: float | None = None


@dataclass(frozen=True, slots=True)
class Security:
    """TLS and login: ``required`` STARTTLS verified for ``hostname``; otherwise opportunistic."""

    context: ssl.SSLContext
    required: bool = False
    hostname: str | None = None
    account: tuple[str, str] | None = None


@dataclass(slots=True)
class Tried:
    """Result of one try; times are of ``time.monotonic()``, s."""

    host: str
    start: float
    end: float = 0.0
    dot: float | None = None
    outcome: str = "broken"
    code: int = 0
    reply: str = ""


def unverified() -> ssl.SSLContext:
    """The context of an MTA that encrypts when it can and trusts anyone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def connect(host: str, port: int, seconds: float) -> socket.socket:
    """A connected TCP socket, or OSError / TimeoutError within ``seconds``."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    sock.setblocking(False)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        async with asyncio.timeout(seconds):
            await asyncio.get_running_loop().sock_connect(sock, (host, port))
    except BaseException:
        sock.close()
        raise
    return sock


async def _data(smtp: aiosmtplib.SMTP, data: bytes, tried: Tried, seconds: float) -> None:
    """DATA by hand: aiosmtplib's own cannot tell the 354 from the reply to the final dot."""
    go = await smtp.execute_command(b"DATA", timeout=seconds)
    if go.code != 354:
        raise aiosmtplib.SMTPDataError(go.code, go.message)
    protocol = smtp.protocol
    if protocol is None:
        raise aiosmtplib.SMTPServerDisconnected("connection lost")
    text = re.sub(rb"(?m)^\.", b"..", data)
    protocol.write(text + (b"" if text.endswith(b"\r\n") else b"\r\n") + b".\r\n")
    tried.dot = time.monotonic()
    reply = await protocol.read_response(timeout=seconds)
    if reply.code // 100 != 2:
        raise aiosmtplib.SMTPDataError(reply.code, reply.message)
    tried.code, tried.reply, tried.outcome = reply.code, reply.message, "accepted"
    tried.end = time.monotonic()
    protocol.write(b"QUIT\r\n")


async def _talk(smtp: aiosmtplib.SMTP, message: Message, security: Security, tried: Tried, seconds: float) -> None:
    await smtp.ehlo(timeout=seconds)
    if security.required or smtp.supports_extension("starttls"):
        await smtp.starttls(server_hostname=security.hostname, tls_context=security.context, timeout=seconds)
        await smtp.ehlo(timeout=seconds)
    if security.account:
        await smtp.login(*security.account, timeout=seconds)
    await smtp.mail(message.sender, timeout=seconds)
    await smtp.rcpt(message.rcpt, timeout=seconds)
    await _data(smtp, message.data, tried, seconds)


def _judge(tried: Tried, error: BaseException, account: tuple[str, str] | None) -> None:
    """Classify a failure; a proper reply counts as such on either side of the dot. A password in it is not kept."""
    if tried.outcome == "accepted":
        return
    code = int(getattr(error, "code", 0) or 0)
    user, password = account or ("", "")
    said = without(str(getattr(error, "message", error)), [f"\0{user}\0{password}", password] if password else [])
    tried.reply = f"{type(error).__name__}: {said}"[:200]
    if 400 <= code < 600:
        tried.code, tried.outcome = code, "temporary" if code < 500 else "permanent"
    elif isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        tried.outcome = "temporary"
    else:
        tried.outcome = "broken" if tried.dot is None else "ambiguous"


async def transact(host: str, port: int, message: Message, limits: Limits, security: Security) -> Tried:
    """Send one message to one address. Never raises for what the network or the server does."""
    tried = Tried(host, time.monotonic())
    smtp: aiosmtplib.SMTP | None = None
    sock: socket.socket | None = None
    try:
        async with asyncio.timeout(limits.whole):
            sock = await connect(host, port, limits.connect)
            smtp = aiosmtplib.SMTP(sock=sock, hostname=None, port=None, start_tls=False, use_tls=False,
                                   local_hostname="vantage.invalid", timeout=limits.command)  # fmt: skip
            await smtp.connect()
            await _talk(smtp, message, security, tried, limits.command)
    except FAILURES as error:
        _judge(tried, error, security.account)
    finally:
        tried.end = tried.end or time.monotonic()
        if smtp is not None:
            if tried.outcome != "accepted" and isinstance(smtp.transport, asyncio.WriteTransport):
                smtp.transport.abort()
            smtp.close()
        elif sock is not None:
            sock.close()
    return tried
