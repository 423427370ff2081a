"""What proxies noticed is read from their logs, on the drill's clock."""

from __future__ import annotations

from maildrill.drill.detections import detections

LOG = """\
2026-11-24T13:35:23.432171006Z Backup Server imaps/store2 is DOWN, reason: Layer4 connection problem
2026-11-24T13:35:23.432196644Z [WARNING]  (12) : Backup Server imaps/store2 is DOWN, reason: Layer4 connection problem
2026-11-24T13:35:25Z Server lmtp/store1 is UP, reason: Layer7 check passed, code: 0, check duration: 1ms.
2026-11-24T13:35:35.726430398Z Tue Nov 24 13:35:35 2026: (front) Entering MASTER STATE
2026-11-24T13:35:36Z Server submission/sub1 enters drain state. 1 active and 0 backup servers online.
2026-11-24T13:35:36.1Z Server submission/sub1 is UP, reason: Layer7 check passed, code: 221, info: "2.0.0 Bye".
2026-11-24T13:35:36.2Z Server submission/sub1 remains in forced drain mode.
2026-11-24T13:35:36.5Z 10.0.0.1:1234 [24/Nov/2026] imaps imaps/store1 1/0/3 Server is DOWN
"""


def test_states_of_servers_and_of_the_address() -> None:
    """Each is told once, with the moment it was noticed; traffic is not mistaken for it."""
    seen = [(e.t, e.node, e.state, e.detail) for e in detections("proxy2", LOG, "2026-11-24T13:35:20.000+00:00")]
    assert seen == [
        (3.432171, "store2", "down", "proxy: imaps/store2"),
        (5.0, "store1", "up", "proxy: lmtp/store1"),
        (15.72643, "proxy2", "holds-address", "proxy: front"),
        (16.0, "sub1", "drained", "admin: submission/sub1"),
        (16.1, "sub1", "up", "proxy: submission/sub1"),
        (16.2, "sub1", "drained", "admin: submission/sub1"),
    ]
