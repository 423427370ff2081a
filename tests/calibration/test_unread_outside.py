"""Where nobody reads what leaves a system, users write to each other, and nothing is claimed about outbound mail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rehearsal import DRILL, Rehearsal
from system import DOMAIN
from virtual import run_virtual

from maildrill.measure.result import Result


class NobodyOutside(Rehearsal):
    """The vantage is told that no outbound mail is read."""

    def _config(self, sink_port: int) -> dict[str, Any]:
        return super()._config(sink_port) | {"outside_read": False}


def test_outbound_mail_is_left_out_and_submission_is_measured(tmp_path: Path) -> None:
    async def scene() -> tuple[Result, Rehearsal]:
        drill = NobodyOutside(tmp_path / "drill", every=0.1)
        return await drill.run(lambda drill: drill.until(3.0)), drill

    result, drill = run_virtual(scene)
    assert "outbound" not in result.ledger.by_stream
    assert {event["service"] for event in drill.events("probe")} == {"inbound", "submission", "mailbox", "delivery"}
    assert all(event["rcpt"].endswith(f"@{DOMAIN}") for event in drill.events("offer"))
    assert result.services["submission"].failed == 0
    assert result.services["submission"].probes > 20
    assert result.ledger.identity
    assert result.ledger.delivered == result.ledger.offered
    probed = [event["id"] for event in drill.events("offer") if event["id"].startswith(f"{DRILL}-po-")]
    assert set(probed) <= {event["id"] for event in drill.events("copy")}
