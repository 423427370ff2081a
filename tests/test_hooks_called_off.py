"""What an owner's hook still does when its fault is to be healed: it must not break what is healed already."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from planted_faults import care_bench
from staging import CLUSTER, ENVIRONMENT, pair

from maildrill.cluster.attached import AttachedCluster
from maildrill.cluster.node import RunningNode
from maildrill.custody.work import Work
from maildrill.drill.owner import OwnersHands
from maildrill.faults import KINDS, NoParameters, World
from maildrill.faults.hook import GRACE_S, fault_on


def a_fault(folder: Path, model: AttachedCluster) -> Any:
    """A kill of mx1, which always answers."""
    world = World(  # type: ignore[call-arg]
        lambda *_, **__: (not (folder / "broken").exists(), "looked"), None, None, None, None,  # type: ignore[arg-type]
        owner=OwnersHands(model, ENVIRONMENT, folder, lambda _: None),
    )  # fmt: skip
    mx1 = RunningNode(
        "mx1", ["mx"], None, None, "mx1.example.test", [], {}, [(25, "smtp")], attached=model.nodes["mx1"]
    )
    return fault_on(KINDS["kill"], world, mx1, 1, [], NoParameters())


def with_hooks(folder: Path, inject: str) -> AttachedCluster:
    """The file of the attached system with this command, undone by another."""
    head, _, tail = CLUSTER.partition("        inject: {run: echo off}\n")
    tail = tail.partition("\n")[2]
    hooks = f"        inject: {{run: '{inject}', deadline: 60s}}\n        heal: {{run: 'rm -f {folder}/broken'}}\n"
    _, model = pair(folder, cluster=head + hooks + tail)
    assert isinstance(model, AttachedCluster)
    return model


def test_a_command_that_still_breaks_something_is_ended_before_it_is_healed(tmp_path: Path) -> None:
    bench, began = care_bench(tmp_path), time.monotonic()
    model = with_hooks(tmp_path, f"touch {tmp_path}/begun; sleep 2; touch {tmp_path}/broken")
    Work(bench.care.inject, "f", a_fault(tmp_path, model))
    while not (tmp_path / "begun").exists():
        assert time.monotonic() - began < 5
        time.sleep(0.01)
    bench.care.heal_all()
    assert time.monotonic() - began < 1.8
    time.sleep(2.2)
    assert not (tmp_path / "broken").exists()
    assert "was to be undone before it ended" in str(bench.events())
    assert bench.states()[-1] == "heal-verified"


def test_one_that_has_not_begun_does_not_begin(tmp_path: Path) -> None:
    fault = a_fault(tmp_path, with_hooks(tmp_path, f"touch {tmp_path}/broken; curl https://me:mine@mx1.example.test"))
    fault.call_off()
    with pytest.raises(RuntimeError, match="was not begun") as refused:
        fault.inject()
    assert "mine" not in str(refused.value)
    assert not (tmp_path / "broken").exists()


def test_a_hook_that_cannot_be_ended_is_waited_for(tmp_path: Path) -> None:
    """An HTTP call or a person: as long as the owner's file allows for it."""
    assert a_fault(tmp_path, with_hooks(tmp_path, "true")).inject_deadline() == 60 + GRACE_S
