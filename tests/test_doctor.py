"""What `maildrill doctor` says of the engine and its machine."""

from __future__ import annotations

import platform
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from maildrill import doctor


def engine(**info: Any) -> Any:
    """An engine that says this of itself."""
    known = {"Name": platform.node(), "MemTotal": 8_000_000_000, "NCPU": 2, "CgroupVersion": "2"}
    return SimpleNamespace(version=lambda: {"Version": "20.10", "ApiVersion": "1.41"}, info=lambda: known | info)


def test_engine_api_and_cgroup_version() -> None:
    assert doctor._engine(engine()).detail == "version 20.10, API 1.41, cgroup version 2"


@pytest.mark.parametrize(("free", "ok"), [(0.2, False), (1.5, True)])
def test_free_memory_counts(free: float, ok: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "free_memory", lambda: free)
    found = doctor._memory(engine())
    assert (found.ok, found.detail.partition(",")[0]) == (ok, f"{free} of 8.0 GB free")


def test_the_memory_of_another_machine_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "free_memory", lambda: 0.0)
    found = doctor._memory(engine(Name="elsewhere"))
    assert (found.ok, found.detail.partition(",")[0]) == (True, "8.0 GB on the engine's machine")


def test_meminfo(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal:  8000000 kB\nMemFree:  1 kB\nMemAvailable:   2000000 kB\n")
    assert doctor.free_memory(tmp_path / "meminfo") == pytest.approx(2.048)
    assert doctor.free_memory(tmp_path / "none") is None


@pytest.mark.parametrize(("free", "ok"), [(1.5, False), (9.0, True)])
def test_the_engine_needs_room_where_it_keeps_its_things(
    free: float, ok: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = {tmp_path: free}
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda folder: SimpleNamespace(free=room[Path(folder)] * 1e9))
    found = doctor._engine_disk(engine(DockerRootDir=str(tmp_path)))
    assert (found.ok, found.detail) == (ok, f"{free} GB free in {tmp_path}, needed 2 GB")


def test_the_disk_of_another_machine_is_not_looked_at(tmp_path: Path) -> None:
    found = doctor._engine_disk(engine(Name="elsewhere", DockerRootDir=str(tmp_path)))
    assert (found.ok, found.detail) == (True, f"{tmp_path} is on the engine's machine: see there, needed 2 GB")
