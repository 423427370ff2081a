"""Faults of processes and hosts: effect on real traffic, healing, and a sabotaged injector is seen."""

from __future__ import annotations

import pytest
from arena import Arena, until

pytestmark = [pytest.mark.integration, pytest.mark.faults]


@pytest.mark.parametrize("kind", ["kill", "stop", "freeze"])
def test_a_dead_server_is_an_outage_until_healed(single: Arena, kind: str) -> None:
    """One server: no service while it is dead; all services after."""
    fault = single.fault(kind, "mail1")
    assert fault.effect()[0] is False, "the effect must not be seen before"
    fault.inject()
    try:
        until("the effect", fault.effect)
        assert single.fails("inbound")[0]
        assert single.fails("mailbox")[0]
        fault.inject()  # twice is harmless
    finally:
        fault.heal()
    fault.heal()
    until("recovery", fault.recovered, 30)
    for service in ("inbound", "mailbox", "delivery", "outbound"):
        until(service, lambda service=service: single.works(service), 30)
