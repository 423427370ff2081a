"""What an attacker does to one server; runs in a container of its own until that is removed.

Started as ``python3 -m maildrill.traffic.attacker ORDERS``: a JSON object with ``act`` (a name in
ACTS) and that act's arguments. Each act goes on whatever the server answers. ``count``,
``read`` and ``squeeze`` are no attacks: they print how many messages an inbox has or can be read, or
what the server says to one more, and end.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import sys
from collections.abc import Callable, Coroutine
from email.utils import formatdate
from typing import Any

from maildrill.traffic.imap import IMAP_FAILURES, Imap, ImapError
from maildrill.traffic.messages import Message, header_id
from maildrill.traffic.schedule import Schedule
from maildrill.traffic.transaction import Limits, Security, transact, unverified

GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
IMAPS = 993
PATIENCE_S = 10.0
PAUSE_S = 0.2
AT_ONCE = 500
SMALLEST = 250


def message(number: int, orders: dict[str, Any]) -> Message:
    """The n-th message of a flood: its sender tells who sent it in the server's log."""
    sender = f"{orders['mark']}-{number}@{orders['mark']}-{number % orders['domains']}.invalid"
    rcpt = orders["rcpts"][number % len(orders["rcpts"])]
    body = f"{GTUBE}\r\n" if orders["gtube"] else ""
    head = f"From: <{sender}>\r\nTo: <{rcpt}>\r\nSubject: {orders['mark']} {number}\r\nDate: {formatdate()}\r\n\r\n"
    fill = random.Random(number).choices("abcdefghij klmnopqrst", k=max(0, orders["size"] - len(head) - len(body)))
    text = "".join(fill)
    lines = "\r\n".join(text[i : i + 76] for i in range(0, len(text), 76))
    return Message(str(number), "attack", sender, rcpt, f"{head}{body}{lines}\r\n".encode(), "")


async def send(orders: dict[str, Any]) -> None:
    """Messages at ``rate`` a second, at most ``total`` of them; never a second try."""
    numbers, security = itertools.count(), Security(unverified())
    room = asyncio.Semaphore(AT_ONCE)

    async def one(_: float) -> None:
        number = next(numbers)
        if orders["total"] is not None and number >= orders["total"]:
            return
        async with room:
            limits = Limits(PATIENCE_S, PATIENCE_S)
            await transact(orders["host"], orders["port"], message(number, orders), limits, security)

    await forever(one, orders["rate"])


async def hold(orders: dict[str, Any]) -> None:
    """``connections`` idle ones; each that the server closes is opened again."""

    async def one() -> None:
        while True:
            try:
                reader, writer = await asyncio.open_connection(orders["host"], orders["port"])
                try:
                    while await reader.read(4096):
                        pass
                finally:
                    writer.transport.abort()
            except OSError:
                pass
            await asyncio.sleep(PAUSE_S)

    await asyncio.gather(*(one() for _ in range(orders["connections"])))


async def login(orders: dict[str, Any]) -> None:
    """Log in as one account after the other, ``rate`` a second; then drop the connection."""
    accounts = itertools.cycle(orders["accounts"])

    async def one(_: float) -> None:
        user, password = next(accounts)
        try:
            imap = await door(orders)
            try:
                await imap.login(user, password)
                await imap.select()
            finally:
                imap.close()
        except IMAP_FAILURES:
            pass

    await forever(one, orders["rate"])


async def delete(orders: dict[str, Any]) -> None:
    """All mail of one account, again and again every ``every`` s."""
    user, password = orders["account"]
    while True:
        try:
            imap = await door(orders)
            try:
                await imap.login(user, password)
                while True:
                    if (await imap.select()).exists:
                        await imap.command(r"STORE 1:* +FLAGS.SILENT (\Deleted)")
                        await imap.command("EXPUNGE")
                    await asyncio.sleep(orders["every"])
            finally:
                imap.close()
        except IMAP_FAILURES:
            await asyncio.sleep(PAUSE_S)


async def drop(orders: dict[str, Any]) -> None:
    """Delete the oldest message of one account's inbox that is the drill's, print its id, and end."""
    imap = await door(orders)
    try:
        await imap.login(*orders["account"])
        exists = (await imap.select()).exists
        heads = await imap.fetch("1:*", "BODY.PEEK[HEADER.FIELDS (X-Maildrill-Id)]") if exists else {}
        oldest = next(((uid, id) for uid, head in sorted(heads.items()) if (id := header_id(head))), None)
        if oldest is None:
            sys.exit("there is no message to delete")
        await imap.command(rf"UID STORE {oldest[0]} +FLAGS.SILENT (\Deleted)")
        await imap.command("EXPUNGE")
        print(oldest[1])
    finally:
        imap.close()


async def find(orders: dict[str, Any]) -> None:
    """Print how many messages of one account's inbox have the id, and end."""
    imap = await door(orders)
    try:
        await imap.login(*orders["account"])
        await imap.select()
        print(len(await imap.search(f"HEADER X-Maildrill-Id {orders['id']}")))
    finally:
        imap.close()


async def fill(orders: dict[str, Any]) -> None:
    """Messages of ``size`` B into one account's mailbox, smaller ones when those do not fit, for ever."""
    size = orders["size"]
    while True:
        append = _append(orders["mark"], size)
        try:
            imap = await door(orders)
            try:
                await imap.login(*orders["account"])
                while True:
                    await imap.command(append)
            finally:
                imap.close()
        except IMAP_FAILURES:
            size = size // 2 if size >= 2 * SMALLEST else size
            await asyncio.sleep(PAUSE_S if size < 2 * SMALLEST else 0)


async def squeeze(orders: dict[str, Any]) -> None:
    """One more small message into the mailbox that ``fill`` fills: print what the server says to it, and end."""
    imap = await door(orders)
    try:
        await imap.login(*orders["account"])
        try:
            await imap.command(_append(orders["mark"], 2 * SMALLEST))
            print("stored")
        except ImapError as refusal:
            print(refusal)
    finally:
        imap.close()


def _append(mark: str, size: int) -> str:
    text = f"Subject: {mark}\r\n\r\n" + "fill " * (size // 5) + "\r\n"
    return f"APPEND INBOX {{{len(text)}+}}\r\n{text}"


async def empty(orders: dict[str, Any]) -> None:
    """Remove what ``fill`` and ``squeeze`` put there, and end."""
    imap = await door(orders)
    try:
        await imap.login(*orders["account"])
        await imap.select()
        uids = ",".join(map(str, await imap.search(f'SUBJECT "{orders["mark"]}"')))
        if uids:
            await imap.command(rf"UID STORE {uids} +FLAGS.SILENT (\Deleted)")
            await imap.command("EXPUNGE")
    finally:
        imap.close()


async def count(orders: dict[str, Any]) -> None:
    """Print how many messages one account's inbox has, and end."""
    imap = await door(orders)
    try:
        await imap.login(*orders["account"])
        print((await imap.select()).exists)
    finally:
        imap.close()


async def read(orders: dict[str, Any]) -> None:
    """Print how many messages of one account's inbox can be read and are messages, and end."""
    imap = await door(orders)
    readable = 0
    try:
        await imap.login(*orders["account"])
        for number in range(1, (await imap.select()).exists + 1):
            bodies = [one.literals[0] for one in await imap.command(f"FETCH {number} BODY.PEEK[]") if one.literals]
            readable += bool(bodies and bodies[0].lower().count(b"\nfrom: "))
    except IMAP_FAILURES:
        pass
    finally:
        imap.close()
    print(readable)


async def door(orders: dict[str, Any]) -> Imap:
    """A connection to the server's IMAP port; TLS on 993, its certificate not checked."""
    context = unverified() if orders["port"] == IMAPS else None
    return await Imap.open(orders["host"], orders["port"], context, orders["host"], PATIENCE_S)


async def forever(work: Callable[[float], Any], rate: float) -> None:
    """Start ``work`` ``rate`` times a second, however long each takes."""
    Schedule(1 / rate, work).start()
    await asyncio.Event().wait()


ACTS: dict[str, Callable[[dict[str, Any]], Coroutine[Any, Any, None]]] = {
    act.__name__: act for act in (send, hold, login, delete, drop, find, fill, squeeze, empty, count, read)
}


def main() -> None:
    """Do what the orders say."""
    orders = json.loads(sys.argv[1])
    try:
        asyncio.run(ACTS[orders["act"]](orders))
    except IMAP_FAILURES as problem:
        sys.exit(f"{type(problem).__name__}: {problem}")


if __name__ == "__main__":
    main()
