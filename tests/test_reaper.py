"""The reaper beside an engine that is busy, away or still making things: it does not give up before all is gone."""

from __future__ import annotations

import http.client
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maildrill.custody import reaper

CONFLICT = 409
KINDS = ("/containers/json", "/volumes", "/networks")


class Engine:
    """A session's things, each with the moment from which the engine lists it; in virtual time (0: the first round).

    ``slow``: from when it lets go of what it is to remove, s. ``troubles``: what its first calls do instead.
    """

    def __init__(self, things: dict[str, tuple[str, float]], slow: float = 0.0, troubles: list[Any] | None = None):
        self.things, self.slow, self.troubles = dict(things), slow, list(troubles or [])
        self.now = -reaper.GRACE_S

    def call(self, method: str, path: str, **_: Any) -> tuple[int, Any]:
        """One call of its API, which takes a moment."""
        if path.endswith("-reaper/json"):
            return 200, {}
        self.now += 0.001
        if self.troubles:
            trouble = self.troubles.pop(0)
            if isinstance(trouble, Exception):
                self.now += 60.0 if isinstance(trouble, TimeoutError) else 0.0
                raise trouble
            return trouble  # type: ignore[no-any-return]
        if method == "DELETE":
            if self.now < self.slow:
                return CONFLICT, {"message": "removal is already in progress"}
            self.things.pop(path.rpartition("/")[2], None)
            return 204, None
        found = [
            {"Id": name, "Name": name}
            for name, (kind, at) in self.things.items()
            if (kind, at <= self.now) == (path, True)
        ]
        return 200, {"Volumes": found or None} if path == "/volumes" else found

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def monotonic(self) -> float:
        return self.now


def cleaned(engine: Engine) -> Engine:
    """The engine after the reaper's work; the harness has just died."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reaper, "engine", engine.call)
        patch.setattr(reaper.time, "sleep", engine.sleep)
        patch.setattr(reaper.time, "monotonic", engine.monotonic)
        patch.setattr(reaper.loops, "attached", lambda _: {})
        patch.setattr("sys.stdin", io.StringIO(""))
        reaper.main("ab12")
    return engine


def test_what_the_engine_removes_already_is_waited_for() -> None:
    """It refuses at once to remove a thing twice: rounds without a pause would be over in no time."""
    assert not cleaned(Engine({"c": ("/containers/json", 0.0), "n": ("/networks", 0.0)}, slow=50.0)).things


def test_what_was_under_way_in_the_engine_is_found() -> None:
    """The harness died in the middle of a call: the container comes after the first empty look."""
    assert not cleaned(Engine({"late": ("/containers/json", 0.5)})).things


@pytest.mark.parametrize(
    "trouble",
    [
        TimeoutError("timed out"),
        ConnectionRefusedError(),
        http.client.IncompleteRead(b"["),
        ValueError("no JSON"),
        (500, {"message": "no"}),
        (200, None),
        (200, "busy"),
        (200, {}),
    ],
    ids=repr,
)
@pytest.mark.parametrize("call", range(4))
def test_one_call_that_fails_is_not_the_end(trouble: Any, call: int) -> None:
    """Whichever it is; and what was not told does not count as nothing."""
    sound: list[Any] = [(200, []), (200, {"Volumes": None}), (200, [])] * 2
    engine = Engine({"c": ("/containers/json", 0.0), "v-disks": ("/volumes", 0.0)}, troubles=[*sound[:call], trouble])
    assert not cleaned(engine).things


@settings(max_examples=30)
@given(
    st.dictionaries(st.text("abc", min_size=1), st.tuples(st.sampled_from(KINDS), st.floats(0, 0.9)), max_size=6),
    st.floats(0, 60),
    st.lists(st.sampled_from([ConnectionResetError(), (500, None), (200, None)]), max_size=12),
)
def test_everything_is_gone_in_the_end(things: dict[str, tuple[str, float]], slow: float, troubles: list[Any]) -> None:
    assert not cleaned(Engine(things, slow, troubles)).things


def test_a_clean_session_takes_a_second_and_one_that_stays_two_minutes() -> None:
    assert 1.0 <= cleaned(Engine({})).now < 1.1
    stays = cleaned(Engine({"n": ("/networks", 0.0)}, slow=float("inf")))
    assert reaper.PATIENCE_S <= stays.now < reaper.PATIENCE_S + 1
