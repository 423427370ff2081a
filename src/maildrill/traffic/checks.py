"""Is a port really open? Connect and banner with own short timeouts."""

from __future__ import annotations

import asyncio
import errno
import time
from typing import Any

import dns.asyncquery
import dns.exception
import dns.message
import dns.rdatatype

from maildrill.traffic.emitter import Emitter
from maildrill.traffic.transaction import unverified

POLL_EVERY = 0.02
READY_TIMEOUT = 0.5
GREETING = {"smtp": b"220", "lmtp": b"220", "imap": b"* OK", "imaps": b"* OK"}


async def check(host: str, port: int, protocol: str, timeout: float, domain: str = ".") -> tuple[str, str]:
    """Outcome and detail: ok, refused, timeout, no-banner, closed or unreachable; within ``timeout`` s."""
    if protocol == "dns":
        return await _dns(host, port, timeout, domain)
    begin = time.monotonic()
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection(host, port)
    except TimeoutError as error:  # the kernel's own ETIMEDOUT too
        return "timeout", str(error)
    except ConnectionRefusedError:
        return "refused", ""
    except OSError as error:
        return ("closed" if error.errno == errno.ECONNRESET else "unreachable"), str(error)
    try:
        async with asyncio.timeout(max(0.001, timeout - (time.monotonic() - begin))):
            return await _banner(reader, writer, protocol, host)
    except TimeoutError:
        return "no-banner", ""
    except (OSError, EOFError) as error:
        return "closed", str(error)
    finally:
        writer.transport.abort()


async def _banner(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, protocol: str, host: str
) -> tuple[str, str]:
    if protocol == "tcp":
        return "ok", ""
    if protocol == "imaps":
        await writer.start_tls(unverified(), server_hostname=host)
    line = await reader.readline()
    if not line.startswith(GREETING[protocol]):
        return ("closed" if not line else "no-banner"), line[:80].decode("latin-1").strip()
    if protocol == "smtp":
        while line[3:4] == b"-":
            line = await reader.readline()
        writer.write(b"EHLO vantage.invalid\r\n")
        line = await reader.readline()
        if not line.startswith(b"250"):
            return ("closed" if not line else "no-banner"), line[:80].decode("latin-1").strip()
    return "ok", line[:80].decode("latin-1").strip()


async def _dns(host: str, port: int, timeout: float, domain: str) -> tuple[str, str]:
    query = dns.message.make_query(domain, dns.rdatatype.SOA)
    try:
        answer = await dns.asyncquery.udp(query, host, timeout=timeout, port=port)
    except (dns.exception.Timeout, TimeoutError):
        return "timeout", ""
    except ConnectionRefusedError:
        return "refused", ""
    except (OSError, dns.exception.DNSException, EOFError) as error:
        return "unreachable", str(error)
    return ("ok", "") if answer.answer else ("no-banner", f"no SOA for {domain}")


async def _until_ready(emitter: Emitter, item: dict[str, Any], deadline: float) -> bool:
    begin, last = time.monotonic(), "no try"
    ok = False
    while not ok and (left := begin + deadline - time.monotonic()) > 0:
        domain = item.get("domain") or "."
        outcome, detail = await check(
            item["host"], int(item["port"]), item["protocol"], min(READY_TIMEOUT, left), domain
        )
        last, ok = f"{outcome} {detail}".strip(), outcome == "ok"
        if not ok:
            await asyncio.sleep(POLL_EVERY)
    seconds = round(time.monotonic() - begin, 3)
    emitter.reply("ready", node=item["node"], port=item["port"], ok=ok, seconds=seconds, last=last)
    return ok


async def ready(emitter: Emitter, checks: list[dict[str, Any]], deadline: float) -> None:
    """Poll all checks until each is ok or ``deadline`` s passed; one reply each, then ready-done."""
    results = await asyncio.gather(*(_until_ready(emitter, item, deadline) for item in checks))
    emitter.reply("ready-done", ok=all(results))
