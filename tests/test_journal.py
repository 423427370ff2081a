"""The reader believes sealed bytes only, wherever a journal is cut or altered."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maildrill.errors import BadInput
from maildrill.journal.events import Note, Phase, Start
from maildrill.journal.reader import Journal, parse_journal, read_journal
from maildrill.journal.writer import JournalWriter


def sealed(*batches: list[str]) -> bytes:
    data = b""
    for batch in batches:
        data += "".join(line + "\n" for line in batch).encode()
        data += f'{{"e":"seal","lines":{len(batch)},"crc":"{zlib.crc32(data):08x}"}}\n'.encode()
    return data


def lines_of(journal: Journal) -> bytes:
    return b"".join(journal.blocks())


START = Start(0.0, 1, "d", "s", "c", 1, "2026-01-01T00:00:00Z")
WHOLE = sealed(
    [START.line(), Phase(0.0, "up").line()], [Note(1.0, "clean", "ünï", 0.0).line(), Phase(2.0, "end").line()]
)


def test_writer_and_reader_agree(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path / "j")
    writer.write(START, Phase(0.0, "up"))
    writer.write(Note(1.0, "clean", "", 0.0), Phase(2.0, "end"))
    writer.close()
    journal = read_journal(tmp_path / "j")
    assert journal.whole
    assert not journal.problem
    assert journal.sealed_bytes == (tmp_path / "j").stat().st_size
    assert lines_of(journal).count(b"\n") == 6  # with two seals


def test_cut_at_any_byte_gives_a_prefix() -> None:
    for cut in range(len(WHOLE)):
        journal = parse_journal(WHOLE[:cut])
        assert not journal.whole
        assert journal.problem
        assert lines_of(parse_journal(WHOLE)).startswith(lines_of(journal))
        assert journal.sealed_bytes <= cut


@settings(max_examples=100, deadline=None)
@given(at=st.integers(0, len(WHOLE) - 1), byte=st.integers(0, 255))
def test_one_altered_byte_is_noticed(at: int, byte: int) -> None:
    journal = parse_journal(WHOLE[:at] + bytes([byte]) + WHOLE[at + 1 :])
    assert journal.whole == (WHOLE[at] == byte) or lines_of(parse_journal(WHOLE)) == lines_of(journal)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_never_crash(data: bytes) -> None:
    assert not parse_journal(data).whole


def test_a_journal_without_a_start_is_not_whole() -> None:
    journal = parse_journal(sealed([Phase(0.0, "up").line(), Phase(2.0, "end").line()]))
    assert not journal.whole
    assert "start of a drill" in journal.problem


@pytest.mark.parametrize("version", ["0", "2", "1.0", "true", '"1"', "null"])
def test_a_journal_of_another_version_is_refused(version: str) -> None:
    other = START.line().replace('"version":1', f'"version":{version}')
    with pytest.raises(BadInput, match="this maildrill reads version 1"):
        parse_journal(sealed([other, Phase(2.0, "end").line()]))
