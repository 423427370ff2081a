"""The reaper must reach the engine that it works for, wherever that is, or the drill must not go on."""

from __future__ import annotations

from unittest.mock import MagicMock

import pytest
from docker.errors import APIError, NotFound

from maildrill.custody import guard, reaper
from maildrill.errors import EnvironmentProblem


@pytest.mark.parametrize(
    ("host", "name", "path"),
    [
        ("", "here", "/var/run/docker.sock"),
        ("tcp://10.0.0.1:2375", "here", "/var/run/docker.sock"),
        ("unix:///run/user/1000/docker.sock", "here", "/run/user/1000/docker.sock"),
        ("unix:///home/me/.docker/desktop/docker.sock", "docker-desktop", "/var/run/docker.sock"),
    ],
    ids=["usual", "remote", "rootless", "virtual-machine"],
)
def test_the_reaper_gets_the_socket_of_its_own_engine(
    host: str, name: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is called on the engine's machine."""
    monkeypatch.setenv("DOCKER_HOST", host)
    monkeypatch.setattr("platform.node", lambda: "here")
    client = MagicMock()
    client.info.return_value = {"Name": name}
    client.containers.create.return_value.status = "running"
    guard.Guard(client, "helper", "ab12")
    assert [mount["Source"] for mount in client.containers.create.call_args.kwargs["mounts"]] == [path]


def test_a_reaper_at_a_foreign_engine_ends_and_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not find itself there; who goes on without it would leave everything behind when killed."""
    calls: list[str] = []
    monkeypatch.setattr(reaper, "engine", lambda method, path, **_: (calls.append(f"{method} {path}"), (404, None))[1])
    reaper.main("ab12")
    assert calls == ["GET /containers/maildrill-ab12-reaper/json"]
    client = MagicMock()
    client.containers.create.return_value.status = "running"
    watched = guard.Guard(client, "helper", "ab12")
    watched.check()
    client.containers.create.return_value.reload.side_effect = NotFound("gone")
    with pytest.raises(EnvironmentProblem, match=r"cannot reach its engine through /var/run/docker.sock"):
        watched.check()


def test_an_engine_without_a_socket_is_told_to_the_person() -> None:
    client = MagicMock()
    client.containers.create.side_effect = APIError("400", response=MagicMock(status_code=400), explanation="no path")
    with pytest.raises(EnvironmentProblem, match="on the engine's machine: no path"):
        guard.Guard(client, "helper", "ab12")
