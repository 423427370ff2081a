"""Which nodes get disks of their own, and which loop devices are ours."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from maildrill.cluster.clusterfile import load_cluster
from maildrill.cluster.disks import DiskModel
from maildrill.custody import loops, sweep
from maildrill.drill.disks import disks_wanted
from maildrill.scenario.model import Scenario


def scenario(fault: str, **target: str) -> Scenario:
    """A scenario with one step."""
    step = {"at": 0, "fault": fault, "target": target}
    return Scenario.model_validate({"scenario": "s", "title": "t", "timeline": [step], "objectives": {"lost": 0}})


def test_only_nodes_that_a_fault_of_disks_could_hit_get_them() -> None:
    """Other drills stay quick."""
    model = load_cluster("postfix-dovecot-ha")
    assert disks_wanted(scenario("kill", role="store"), model) == {}
    assert set(disks_wanted(scenario("disk-full", node="store2"), model)) == {"store2"}
    assert set(disks_wanted(scenario("power-loss", role="mx"), model)) == {"mx1", "mx2"}


def test_a_cluster_file_may_ask_for_disks() -> None:
    """For one node, or for all."""
    model = load_cluster("postfix-dovecot-single")
    disk = DiskModel(size="1G")
    mail1 = model.nodes["mail1"].model_copy(update={"disks": disk})
    one = model.model_copy(update={"nodes": model.nodes | {"mail1": mail1}})
    assert disks_wanted(scenario("kill", role="mx"), one) == {"mail1": disk}
    assert set(disks_wanted(scenario("kill", role="mx"), model.model_copy(update={"disks": disk}))) == set(model.nodes)


def test_only_devices_with_an_image_of_a_drill_are_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else is attached is somebody else's."""
    files = {
        "loop0": "/disks/maildrill-ab12cd34-mail1-store.img",
        "loop1": "/srv/backup.img",
        "loop2": "/maildrill-99ffee00-store1-store.img (deleted)",
        "loop3": "/home/me/maildrill-notes.txt",
    }
    for device, file in files.items():
        (tmp_path / device / "loop").mkdir(parents=True)
        (tmp_path / device / "loop" / "backing_file").write_text(file + "\n")
    (tmp_path / "loop4").mkdir()
    monkeypatch.setattr(loops, "BLOCK_DEVICES", tmp_path)
    assert loops.attached() == {0: "ab12cd34", 2: "99ffee00"}
    assert loops.attached("ab12cd34") == {0: "ab12cd34"}


def test_a_device_of_another_engines_drill_is_not_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One kernel may serve several engines: shown are devices of sessions asked for, and those whose file is gone."""
    files = {
        "loop0": "maildrill-ab12-a.img",
        "loop1": "maildrill-cd34-a.img",
        "loop2": "maildrill-ef56-a.img (deleted)",
    }
    for device, file in files.items():
        (tmp_path / device / "loop").mkdir(parents=True)
        (tmp_path / device / "loop" / "backing_file").write_text(f"/{file}\n")
    monkeypatch.setattr(loops, "BLOCK_DEVICES", tmp_path)
    loops.main("list", "ab12")
    assert sorted(capsys.readouterr().out.splitlines()) == ["0 ab12", "2 ef56"]
    monkeypatch.setattr(sweep, "_loops", lambda *asked: pytest.fail(f"no drill of this engine has a device: {asked}"))
    (tmp_path / "loop2/loop/backing_file").unlink()
    nothing = SimpleNamespace(list=lambda **_: [])
    client = SimpleNamespace(containers=nothing, volumes=nothing, networks=nothing)
    assert sweep.leftovers(client) == []
