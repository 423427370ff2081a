"""Where the base image comes from: it is there, a registry gives it, or it is made from Debian's packages."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import APIError, ImageNotFound

from maildrill.cluster import base
from maildrill.cluster.base import BASE_TAG, UPSTREAM, ensure_base


class Engine:
    """An engine with some images, and a registry that answers a pull with these steps, or falls silent."""

    def __init__(self, *there: str, pull: list[dict[str, str]] | Exception | None = None) -> None:
        self.there, self.answer, self.pulls = set(there), pull, 0
        self.images, self.api = SimpleNamespace(get=self.get), SimpleNamespace(pull=self.pull)
        self.over = threading.Event()

    def get(self, tag: str) -> None:
        if tag not in self.there:
            raise ImageNotFound(tag)

    def pull(self, repository: str, *, tag: str, **_: Any) -> Iterator[dict[str, str]]:
        assert f"{repository}:{tag}" == UPSTREAM
        self.pulls += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        yield {"status": "Pulling"}
        if self.answer is None:
            self.over.wait(10)
        yield from self.answer or ()


DONE = [{"status": "Downloading"}, {"status": "Downloaded"}]
REFUSED = [{"status": "Downloading"}, {"error": "unexpected EOF"}]


@pytest.mark.parametrize(
    ("engine", "pulls", "made", "said"),
    [
        (Engine(BASE_TAG), 0, None, ""),
        (Engine(UPSTREAM), 0, "built", ""),
        (Engine(pull=DONE), 1, "built", f"pulling {UPSTREAM}"),
        (Engine(pull=REFUSED), 1, "bootstrapped", "cannot be pulled (unexpected EOF)"),
        (
            Engine(pull=APIError("500", explanation="no such host")),
            1,
            "bootstrapped",
            "cannot be pulled (no such host)",
        ),
        (Engine(), 1, "bootstrapped", "cannot be pulled (nothing came for 0.2 s)"),
    ],
    ids=["there", "upstream-there", "pulled", "broken-off", "refused", "silent"],
)
def test_where_the_base_comes_from(
    engine: Engine, pulls: int, made: str | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    how: list[str] = []
    lines: list[str] = []
    monkeypatch.setattr(base, "PULL_SILENCE_S", 0.2)
    monkeypatch.setattr(base, "_bootstrap", lambda client, say: how.append("bootstrapped"))

    def build(folder: Any) -> None:
        assert (folder / "Dockerfile").read_text() == f"FROM {UPSTREAM}\n"
        how.append("built")

    ensure_base(engine, build, lines.append)
    engine.over.set()
    assert (engine.pulls, how) == (pulls, [made] if made else [])
    assert said in "\n".join(lines)


@pytest.mark.parametrize(
    ("pull", "installed"), [(DONE, False), (REFUSED, True)], ids=["registry-answers", "registry-refuses"]
)
def test_debootstrap_is_installed_only_when_no_registry_gives_the_image(
    pull: list[dict[str, str]], installed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    run: list[str] = []
    programs = {"apt-get"}

    def command(*words: str) -> None:
        run.append(" ".join(words))
        programs.add("debootstrap")

    monkeypatch.setattr(base, "_command", command)
    monkeypatch.setattr(base.subprocess, "run", lambda words, **_: run.append(" ".join(words)))
    monkeypatch.setattr(base.shutil, "which", lambda name: name if name in programs else None)
    monkeypatch.setattr(base.os, "getuid", lambda: 0)
    engine = Engine(pull=pull)
    engine.api.import_image_from_file = lambda *_, **__: None
    ensure_base(engine, lambda folder: run.append("build"), lambda line: None)
    wanted = ["apt-get update -qq", "apt-get install -y -qq --no-install-recommends debootstrap"]
    assert run[:2] == (wanted if installed else ["build"])
    assert run == ["build"] or run[2].startswith("debootstrap ")
