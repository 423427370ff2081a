"""`maildrill clean --images`: old server images go, current ones, those in use and other people's stay."""

from __future__ import annotations

from typing import Any
from unittest.mock import MagicMock

import pytest
from docker.errors import APIError, ImageNotFound

import maildrill.commands.engine
from maildrill import cli
from maildrill.cluster.base import BASE_TAG
from maildrill.cluster.images import remove_superseded, tag_of
from maildrill.shipped import list_images


def image(name: str, *tags: str) -> dict[str, Any]:
    """As the engine lists it."""
    return {"Id": f"sha256:{name}", "RepoTags": list(tags) or ["<none>:<none>"]}


def engine(*images: dict[str, Any], containers: tuple[tuple[str, str], ...] = ()) -> MagicMock:
    """With these images, and containers given by the name and the id of their image."""
    client = MagicMock()
    client.api.images.return_value = list(images)
    client.api.containers.return_value = [{"Image": name, "ImageID": of} for name, of in containers]
    return client


@pytest.mark.parametrize(
    ("one", "goes"),
    [
        (image("a", "maildrill/postfix:new"), []),
        (image("a", BASE_TAG), []),
        (image("a", "maildrill/postfix:old"), ["maildrill/postfix:old"]),
        (image("a", "maildrill/postfix:old", "maildrill/postfix:new"), ["maildrill/postfix:old"]),
        (image("a", "example.test/mine:1"), []),
        (image("a"), ["sha256:a"]),
        (image("used", "maildrill/postfix:old"), []),
        (image("used"), []),
    ],
    ids=["current", "base", "old", "both", "foreign", "untagged", "in-use", "untagged-in-use"],
)
def test_what_goes(one: dict[str, Any], goes: list[str]) -> None:
    client = engine(one, containers=(("maildrill/postfix:old-name", "sha256:used"),))
    assert remove_superseded(client, ["maildrill/postfix:new"]) == goes
    assert [call.args[0] for call in client.images.remove.call_args_list] == goes


def test_only_images_with_our_label_are_looked_at() -> None:
    client = engine()
    remove_superseded(client, [])
    assert client.api.images.call_args.kwargs == {"filters": {"label": ["maildrill=image"]}}


def test_an_image_that_is_taken_into_use_meanwhile_stays() -> None:
    client = engine(image("a", "maildrill/postfix:old"))
    client.images.remove.side_effect = APIError("409", response=MagicMock(status_code=409))
    assert remove_superseded(client, []) == []


def test_check_names_every_image_that_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not any image with our label will do."""
    there = {tag_of(name) for name in list_images()}

    def get(tag: str) -> None:
        if tag not in there:
            raise ImageNotFound(tag)

    client = engine()
    client.images.get.side_effect = get
    monkeypatch.setattr(maildrill.commands.engine, "client", lambda: client)
    assert cli.run(["images", "--check"]) == 0
    there -= {tag_of("postfix"), tag_of("bind")}
    assert cli.run(["images", "--check"]) == 4
    assert "server images are missing: bind, postfix; run: maildrill images" in capsys.readouterr().err
