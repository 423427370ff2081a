"""What each server served is read from the proxy's log."""

from __future__ import annotations

from maildrill.cluster.backends import configured
from maildrill.drill.served import served

CONFIGURATION = """\
defaults
  default-server check inter 500ms
listen submission
  bind *:587
  server sub1 10.0.0.5:587
  server sub2 10.0.0.6:587
listen imaps
  server store1 10.0.0.7:993 check-ssl verify none
  server store2 10.0.0.8:993 check-ssl verify none backup
"""
WALL = "2026-11-24T13:35:20.500+00:00"
LOG = """\
2026-11-24T13:35:22.1Z 10.0.0.1:1234 [24/Nov/2026:13:35:22.000] submission submission/sub1 1/2/7 205 -- 3/1/0/0/0 0/0
2026-11-24T13:35:22.4Z 10.0.0.1:1235 [24/Nov/2026:13:35:22.400] submission submission/sub1 0/0/7 205 SD 3/1/0/0/0 0/0
2026-11-24T13:35:22.5Z 10.0.0.1:1236 [24/Nov/2026:13:35:22.400] submission submission/sub2 0/0/7 205 CD 3/1/0/0/0 0/0
2026-11-24T13:35:59.9Z 10.0.0.1:1237 [24/Nov/2026:13:35:21.900] submission submission/sub1 0/0/9000 205 cD 3/1/0/0/0 0/0
2026-11-24T13:35:25.5Z 10.0.0.1:1238 [24/Nov/2026:13:35:23.000] imaps imaps/store2 1/2001/2300 205 -- 3/1/0/0/+1 0/0
2026-11-24T13:35:27.5Z 10.0.0.1:1239 [24/Nov/2026:13:35:24.000] submission submission/sub2 1/-1/3003 0 SC 3/1/0/0/3 0/0
2026-11-24T13:35:27.5Z 10.0.0.1:1240 [24/Nov/2026:13:35:27.250] lmtp lmtp/<NOSRV> -1/-1/0 0 SC 3/1/0/0/0 0/0
2026-11-24T13:35:27.6Z Health check for server imaps/store1 succeeded, reason: Layer7 check passed, check duration: 1ms.
2026-11-24T13:35:27.7Z Server imaps/store1 is DOWN, reason: Layer4 timeout, check duration: 500ms. 23 sessions active.
2026-11-24T13:35:27.7Z [WARNING]  (9) : Server imaps/store1 is DOWN, reason: Layer4 timeout, check duration: 500ms.
"""


def told(log: str) -> list[tuple[float, str, str, bool, int, int]]:
    return [
        (one.t, one.backend, one.server, one.backup, one.sessions, one.not_taken)
        for one in served("proxy", log, CONFIGURATION, WALL)
    ]


def test_sessions_are_counted_by_the_second_in_which_a_server_took_them() -> None:
    """A session that ended late counts when it began; one that a second server took, when that one took it."""
    assert [one for one in told(LOG) if one[4] + one[5]] == [
        (1.4, "submission", "sub1", False, 3, 0),
        (1.9, "submission", "sub2", False, 1, 0),
        (4.502, "imaps", "store2", True, 1, 0),
        (3.5, "submission", "sub2", False, 0, 1),
        (6.75, "lmtp", "", False, 0, 1),
    ]


def test_a_server_that_got_nothing_is_told_of_and_health_checks_are_no_sessions() -> None:
    assert [one for one in told(LOG) if one[2] == "store1"] == [(0.0, "imaps", "store1", False, 0, 0)]
    assert {one[2] for one in told("")} == {"sub1", "sub2", "store1", "store2"}


def test_backups_are_known_from_the_configuration() -> None:
    assert [server for (_, server), backup in configured(CONFIGURATION).items() if backup] == ["store2"]


def test_a_flood_of_sessions_is_few_events() -> None:
    line = LOG.splitlines()[0] + "\n"
    assert [one[4] for one in told(line * 5000) if one[4]] == [5000]
