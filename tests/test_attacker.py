"""What attackers send, and who gets a clock that can be set."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from maildrill.catalogue import find_scenario, load_pair
from maildrill.drill.clocks import clocks_wanted
from maildrill.traffic.attacker import GTUBE, message
from maildrill.traffic.messages import recognise


def orders(**changes: Any) -> dict[str, Any]:
    """Orders for a flood."""
    return {"rcpts": ["a@x.test", "b@x.test"], "mark": "attack3", "domains": 5, "gtube": False, "size": 900} | changes


@given(st.integers(0, 10**6), st.integers(300, 20_000), st.booleans())
def test_a_flood_is_known_by_its_sender_and_never_counted_as_the_drills_mail(n: int, size: int, gtube: bool) -> None:
    """Its size is what was asked for, its lines are no longer than RFC 5321 allows."""
    one = message(n, orders(size=size, gtube=gtube))
    assert one.sender.startswith(f"attack3-{n}@attack3-")
    assert recognise(one.data) is None
    assert (GTUBE.encode() in one.data) is gtube
    assert 0.9 * size <= len(one.data) <= 1.1 * size + 120
    assert all(len(line) <= 998 for line in one.data.split(b"\r\n"))


def test_a_flood_goes_to_all_users() -> None:
    """In turn."""
    assert {message(n, orders()).rcpt for n in range(2)} == {"a@x.test", "b@x.test"}


def test_only_nodes_a_clock_fault_could_hit_get_clocks_of_their_own() -> None:
    """By role, both MX; no other scenario pays for it."""
    assert clocks_wanted(*load_pair(find_scenario("mx-clock-back"))) == {"mx1", "mx2"}
    assert clocks_wanted(*load_pair(find_scenario("mx-kill"))) == set()
