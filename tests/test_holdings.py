"""Holdings: messages recognised in the raw bytes of queues and stores."""

from __future__ import annotations

from maildrill.drill.holdings import message_ids

# As in a Postfix queue file: type letter, length, line, and at once the next record's type letter.
QUEUE_FILE = b"N\x1fX-Maildrill-Id: 28b46290-i-000025N\x0cSubject: xN\x00"


def test_a_postfix_record_does_not_lengthen_the_id() -> None:
    """An id read wrongly would turn waiting mail into lost mail."""
    assert message_ids(QUEUE_FILE) == ["28b46290-i-000025"]


def test_each_id_once_and_sorted() -> None:
    """Copies within a store are still one message."""
    line = b"X-Maildrill-Id: 28b46290-po-000002\r\n"
    assert message_ids(line + QUEUE_FILE + line) == ["28b46290-i-000025", "28b46290-po-000002"]


def test_other_queues_are_read_too() -> None:
    """As Exim (numbered header lines in -H), OpenSMTPD and Courier (plain files) and Cyrus (CRLF) keep a message."""
    exim = b"060F From: <friend-0@outside.test>\n037  X-Maildrill-Id: 28b46290-i-000001\n"
    plain = b"Message-Id: <x@outside.test>\nX-Maildrill-Id: 28b46290-s-000002\n\nbody\n"
    cyrus = b"X-Maildrill-Id: 28b46290-o-000003\r\n\r\nbody\r\n"
    assert message_ids(exim + plain + cyrus) == ["28b46290-i-000001", "28b46290-o-000003", "28b46290-s-000002"]
