"""What becomes a frame: events, seals left out; a line that is neither is refused and shown."""

from __future__ import annotations

import pytest

from maildrill.errors import BadInput
from maildrill.journal.events import Phase, Start
from maildrill.measure.frames import load_frames

START = Start(0.0, 1, "d", "s", "c", 1, "2026-01-01T00:00:00Z")
EVENTS = [START.line(), Phase(0.0, "up").line(), Phase(2.0, "end").line()]
SEAL = '{"e":"seal","lines":3,"crc":"00000000"}'


def block(*lines: str) -> bytes:
    return "".join(line + "\n" for line in lines).encode()


def test_events_become_rows_and_seals_do_not() -> None:
    frames = load_frames([block(*EVENTS, SEAL), block(Phase(3.0, "later").line(), SEAL)])
    assert frames["phase"]["name"].to_list() == ["up", "end", "later"]
    assert len(frames["start"]) == 1


@pytest.mark.parametrize(
    "strange",
    ["hello world", "", '{"e":"prob","t":1.0}', '{"e":"phase","name":"timeline"}', '{"e":"phase","t":null,"name":"x"}',
     '{"e":"phase","t":nonsense', '{"e": "phase","t":1.0,"name":"x"}', '[{"e":"phase","t":1.0,"name":"x"}]'],
)  # fmt: skip
@pytest.mark.parametrize("at", [0, 1, 2, 3])
def test_a_line_that_is_no_event_is_refused(strange: str, at: int) -> None:
    lines = [*EVENTS, SEAL]
    lines.insert(at, strange)
    with pytest.raises(BadInput, match="a sealed line that is not an event") as refusal:
        load_frames([block(*lines)])
    assert strange[:20] in str(refusal.value) or "nonsense" in strange
