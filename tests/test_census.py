"""The census of a mailbox with messages that cannot be read: they are missing, the others are there."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from maildrill.traffic.imap import ImapError
from maildrill.traffic.reader import _listing


class Server:
    """A mailbox of messages 1 to 450, of which some end the session that fetches them."""

    def __init__(self, unreadable: set[int], shaky: int | None = None) -> None:
        self.unreadable, self.shaky, self.sessions = unreadable, shaky, 0

    async def session(self, account: str, password: str, timeout: float) -> Any:
        """A new session."""
        self.sessions += 1
        return SimpleNamespace(select=self.select, fetch=self.fetch, close=lambda: None)

    async def select(self) -> Any:
        """How many there are."""
        return SimpleNamespace(exists=450)

    async def fetch(self, uids: str, what: str = "") -> dict[int, bytes]:
        """All of them, or a broken session."""
        asked = list(range(1, 451)) if uids == "1:*" else [int(uid) for uid in uids.split(",")]
        if what == "FLAGS":
            return dict.fromkeys(asked, b"")
        if self.shaky in asked:
            self.shaky = None
            raise ImapError("once")
        if self.unreadable & set(asked):
            raise ImapError("closed")
        return dict.fromkeys(asked, b"x")


@pytest.mark.parametrize("unreadable", [set(), {7}, {1, 2, 200, 201, 450}])
def test_unreadable_messages_do_not_hide_the_others(unreadable: set[int]) -> None:
    """Found one by one, without giving up the rest."""
    found = asyncio.run(_listing(Server(unreadable), "user", "secret"))  # type: ignore[arg-type]
    assert set(found) == set(range(1, 451)) - unreadable


def test_a_message_that_failed_once_is_fetched_again() -> None:
    """One broken session is no proof."""
    assert len(asyncio.run(_listing(Server(set(), shaky=9), "user", "secret"))) == 450  # type: ignore[arg-type]
