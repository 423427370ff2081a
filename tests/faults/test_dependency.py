"""Faults of what mail depends on: seen from outside, felt by real mail, undone without a trace."""

from __future__ import annotations

import pytest
from arena import Arena, until
from proof import Case, try_out

pytestmark = [pytest.mark.integration, pytest.mark.faults]

OUTSIDE = {"names": ["outside.test"]}
CASES = [
    Case("dns-timeout", "resolver", parameters=OUTSIDE, fails="outbound", spared="submission"),
    Case("dns-servfail", "resolver", parameters=OUTSIDE, fails="outbound", spared="submission"),
    Case("dns-nxdomain", "resolver", parameters=OUTSIDE, fails="outbound", spared="submission"),
    Case("dns-stale", "resolver", parameters=OUTSIDE | {"names": ["outside.outside.test"]}, fails="outbound"),
    Case("dns-wrong-answer", "resolver", parameters={"names": ["outside.outside.test"]}, fails="outbound"),
    Case("dns-servfail", "resolver", fails="outbound"),
    # Clients' names: Postfix asks for them before it greets.
    Case("dns-timeout", "resolver", parameters={"names": ["10.in-addr.arpa"]}, fails="inbound", spared="mailbox"),
    Case("certificate-expired", fails="mailbox", spared="inbound"),
    Case("certificate-not-yet-valid", fails="submission", spared="inbound"),
    Case("certificate-wrong-name", fails="mailbox", spared="inbound"),
    Case("dependency-slow", parameters={"port": 993, "delay": 0.3}, slow=("mailbox", 1.2), spared="inbound"),
    Case("backup-unreachable", "dns", spared="inbound"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_fault_of_a_dependency(single: Arena, case: Case) -> None:
    """Not seen before, seen while it is there, felt by real mail, and gone without a trace."""
    try_out(single, case)


def test_no_such_domain_bounces_and_server_failure_defers(single: Arena) -> None:
    """The difference that matters: after NXDOMAIN the queue is empty, after SERVFAIL the mail waits."""
    for kind, status in (("dns-nxdomain", "status=bounced"), ("dns-servfail", "status=deferred")):
        fault = single.fault(kind, "resolver", **OUTSIDE)
        fault.inject()
        try:
            until("the effect", fault.effect)
            since = len(single.cluster.nodes["mail1"].container.logs())
            assert not single.world.attempt("outbound", 1.0).ok
            until(status, lambda since=since, status=status: _said(single, since, status))
        finally:
            fault.heal()
        until("recovery", fault.recovered)


def _said(arena: Arena, since: int, text: str) -> tuple[bool, str]:
    log = arena.cluster.nodes["mail1"].container.logs()[since:].decode(errors="replace")
    return text in log, log[-300:]


@pytest.mark.parametrize("order", [[0, 1], [1, 0]], ids=str)
def test_certificates_come_off_in_any_order(single: Arena, order: list[int]) -> None:
    """What lies on top shows; at the end the certificate from before is back, and its key."""
    before = single.shell("mail1", "cat /etc/ssl/maildrill/*")
    faults = [
        single.fault("certificate-expired", "mail1", number=1),
        single.fault("certificate-wrong-name", "mail1", number=2),
    ]
    try:
        for fault in faults:
            fault.inject()
            until("the effect", fault.effect)
        faults[order[0]].heal()
        until("the other's effect", faults[order[1]].effect)
        assert not faults[order[0]].effect()[0]
    finally:
        for fault in faults:
            fault.heal()
    for fault in faults:
        until("recovery", fault.recovered)
    assert single.shell("mail1", "cat /etc/ssl/maildrill/*") == before


def test_a_certificate_healed_while_the_node_is_dead_is_right_when_it_returns(single: Arena) -> None:
    """Files are put back into a stopped node too."""
    fault = single.fault("certificate-expired", "mail1")
    fault.inject()
    until("the effect", fault.effect)
    single.cluster.nodes["mail1"].container.kill()
    try:
        fault.heal()
    finally:
        single.cluster.nodes["mail1"].container.start()
    until("recovery", fault.recovered, 30)
    until("mailbox", lambda: single.works("mailbox"), 30)


def test_a_node_without_certificates_says_so(single: Arena) -> None:
    """Nothing is put where nothing would read it."""
    fault = single.fault("certificate-expired", "dns")
    with pytest.raises(RuntimeError, match="no certificate that can be changed"):
        fault.inject()
    fault.heal()


def test_a_sabotaged_responder_is_seen(single: Arena, monkeypatch: pytest.MonkeyPatch) -> None:
    """A responder that passes everything on makes no fault."""
    fault = single.fault("dns-servfail", "resolver")
    fault.asked = fault.asked.model_copy(update={"names": ["nobody.asks"]})
    monkeypatch.setattr(type(fault), "asked_for", "mail.example.test")
    fault.inject()
    try:
        assert not fault.effect()[0]
    finally:
        fault.heal()
