"""The filtered stack refuses spam and viruses while their sender is still there, and takes clean mail in."""

from __future__ import annotations

import json
import secrets
import time
from pathlib import Path

import pytest

from maildrill.cluster.clusterfile import load_cluster
from maildrill.drill.phases import Drill
from maildrill.faults.load.attack import PROGRAM
from maildrill.scenario.model import Scenario
from maildrill.traffic.attacker import GTUBE

EICAR = r"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
FOUND_S = 15.0
OFFER = """
import smtplib, sys
from email.message import EmailMessage
host, id, text, attached = sys.argv[1:]
message = EmailMessage()
message["From"], message["To"], message["X-Maildrill-Id"] = "stranger@outside.test", "user1@example.test", id
message.set_content(text)
if attached:
    message.add_attachment(attached.encode(), maintype="application", subtype="octet-stream", filename="tool.com")
try:
    with smtplib.SMTP(host, 25, timeout=20) as smtp:
        smtp.send_message(message)
    print(250)
except smtplib.SMTPDataError as refused:
    print(refused.smtp_code, refused.smtp_error.decode())
except smtplib.SMTPRecipientsRefused as refused:
    print(*[code for code, _ in refused.recipients.values()])
"""
UNUSED = {"timeline": [{"at": 0, "fault": "kill", "target": {"role": "filter"}}], "objectives": {"lost": 0}}
SCENARIO = Scenario.model_validate({"scenario": "filter", "title": "No disaster", **UNUSED})

pytestmark = [pytest.mark.integration, pytest.mark.stacks]


def offer(drill: Drill, mx: str, id: str, text: str, attached: str = "") -> str:
    """A stranger offers a message to an MX: 250, or the refusal of its text."""
    assert drill.cluster is not None
    where = drill.cluster.nodes[mx].address
    said = drill.cluster.vantage.container.exec_run(["python3", "-c", OFFER, where, id, text, attached])
    return str(said.output.decode(errors="replace")).strip()


def in_mailboxes(drill: Drill, id: str) -> list[int]:
    """How many messages with this id the user finds in each inbox there is: at the store, at an emergency inbox."""
    assert drill.cluster is not None
    found, account = [], drill.cluster.accounts[0]
    for node in [drill.cluster.select("store")[0], *drill.cluster.select("emergency")]:
        orders = {"act": "find", "host": node.address, "port": 993, "account": list(account), "id": id}
        found.append(int(drill.cluster.vantage.container.exec_run([*PROGRAM, json.dumps(orders)]).output))
    return found


@pytest.mark.parametrize("cluster", ["postfix-dovecot-filtered", "postfix-dovecot-cloud-spool"])
def test_spam_and_viruses_are_refused_and_clean_mail_gets_in(cluster: str, tmp_path: Path) -> None:
    """By every filter, as each MX asks one after the other; a virus also where it is attached and encoded."""
    drill = Drill(SCENARIO, load_cluster(cluster), tmp_path, 1, lambda _: None)
    id = secrets.token_hex(4)
    try:
        drill.up()
        assert drill.cluster is not None
        clean = []
        for number in range(2 * len(drill.cluster.select("filter"))):
            for mx in (node.name for node in drill.cluster.select("mx")):
                assert offer(drill, mx, f"{id}-spam", GTUBE).startswith("554 5.7.1")
                assert "virus pattern found" in offer(drill, mx, f"{id}-virus", EICAR)
                assert "virus pattern found" in offer(drill, mx, f"{id}-attached", "See attachment.", EICAR)
                clean.append(f"{id}-clean-{mx}-{number}")
                assert offer(drill, mx, clean[-1], "Lunch at noon?", "no virus") == "250"
        for node in drill.cluster.select("origin"):  # past the provider, and past its filters
            assert offer(drill, node.name, f"{id}-past", "Lunch at noon?") == "554"
        until = time.monotonic() + FOUND_S
        while not all(all(in_mailboxes(drill, one)) for one in clean):
            assert time.monotonic() < until, "clean mail was accepted and is not in the mailbox"
        assert not any(any(in_mailboxes(drill, f"{id}-{bad}")) for bad in ("spam", "virus", "attached", "past"))
    finally:
        drill.down()
        drill.journal.close()
