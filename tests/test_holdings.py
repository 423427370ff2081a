"""Holdings: messages recognised in the raw bytes of queues and stores."""

from __future__ import annotations

import io
import tarfile

from maildrill.drill.holdings import message_ids, messages_in

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


def archive(**files: bytes) -> bytes:
    """As the engine sends a volume."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def test_a_header_in_an_index_is_not_a_message() -> None:
    """A deleted message lives on in there: it is lost, not held."""
    volume = archive(**{
        "mail/user1/Maildir/cur/1.M2.mail1:2,S": b"X-Maildrill-Id: 28b46290-i-000001\r\n\r\n",
        "mail/user1/mdbox/storage/m.1": b"X-Maildrill-Id: 28b46290-i-000002\r\n\r\n",
        "mail/user1/Maildir/dovecot.index.cache": b"X-Maildrill-Id: 28b46290-i-000003\n",
        "mail/user1/mdbox/storage/dovecot.map.index.log": b"X-Maildrill-Id: 28b46290-i-000004\n",
        "mail/user/user1/cyrus.cache": b"X-Maildrill-Id: 28b46290-i-000005\n",
    })  # fmt: skip
    assert message_ids(messages_in(volume)) == ["28b46290-i-000001", "28b46290-i-000002"]


def test_of_an_archive_that_was_cut_everything_is_searched() -> None:
    """Better a message too many in there than one called lost."""
    line = b"X-Maildrill-Id: 28b46290-i-000001\r\n" + 2000 * b"x"
    assert message_ids(messages_in(archive(m=line)[:1500])) == ["28b46290-i-000001"]
