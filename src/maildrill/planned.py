"""Which drills a pytest session is made of: from a folder of scenarios and the options to planned drills with ids."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from maildrill.errors import BadInput, Misfit

if TYPE_CHECKING:
    from maildrill.scenario.model import Defect, Scenario

REST = "*"
"""In place of a topic: what no shipped topic claims."""


@dataclass(frozen=True)
class Planned:
    """One drill to run: a scenario file, on which cluster (None: its own), in which repeat (from 1).

    ``misfit`` says why the scenario cannot run on a cluster that was asked for: it is skipped.
    """

    path: Path
    cluster: str | None = None
    repeat: int = 1
    defect: Defect | None = None
    misfit: str = ""


def _drills(config: pytest.Config, topic: str | Path) -> list[tuple[Planned, str]]:
    """Every drill of a topic with its id, which names cluster and repeat where there are several."""
    clusters: list[str | None] = list(config.getoption("maildrill_cluster") or [None])
    repeats = config.getoption("maildrill_repeat")
    if repeats < 1:
        raise BadInput(f"--repeat {repeats}: at least 1")
    found = []
    for path in _files(config, topic):
        for repeat in range(1, repeats + 1):
            for cluster in clusters:
                scenario, model, misfit = _fitting(path, cluster)
                parts = [scenario, *([model] if len(clusters) > 1 else []), *([f"r{repeat}"] if repeats > 1 else [])]
                found.append((Planned(path, cluster, repeat, misfit=misfit), "-".join(parts)))
    return found


def _defects(config: pytest.Config, topic: str | Path) -> list[tuple[Planned, str]]:
    """Every defect that a scenario below the topic tells apart, whatever cluster the others run on."""
    found = []
    for path, scenario in _telling(config, topic):
        for defect in scenario.tells_apart:
            name, model = _names(path, defect.cluster)
            found.append((Planned(path, defect.cluster, defect=defect), f"{name}-{model}"))
    return found


def _twins(config: pytest.Config, topic: str | Path) -> list[tuple[Planned, str]]:
    """Every scenario below the topic that tells a defect apart, on its own cluster."""
    return [(Planned(path), scenario.scenario) for path, scenario in _telling(config, topic)]


def _telling(config: pytest.Config, topic: str | Path) -> list[tuple[Path, Scenario]]:
    from maildrill.catalogue import load_scenario
    from maildrill.shipped import list_scenarios

    scenarios = [(path, load_scenario(path)) for path in list_scenarios(_root(config) / topic)]
    return [(path, scenario) for path, scenario in scenarios if scenario.tells_apart]


PLANS = {"drill": _drills, "defect": _defects, "twin": _twins}
"""Fixture -> which drills its tests are made of."""


def _names(path: Path, cluster: str | None) -> tuple[str, str]:
    """The names of a checked scenario and its cluster."""
    from maildrill.catalogue import load_pair

    scenario, model = load_pair(path, cluster)
    return scenario.scenario, model.cluster


def _fitting(path: Path, cluster: str | None) -> tuple[str, str, str]:
    """The same, and why the scenario cannot run on the cluster asked for, if it cannot."""
    from maildrill.catalogue import load_scenario

    try:
        return *_names(path, cluster), ""
    except Misfit as error:
        if cluster is None:
            raise
        return load_scenario(path).scenario, Path(cluster).stem, str(error)


def _files(config: pytest.Config, topic: str | Path) -> list[Path]:
    root = _root(config)
    return _rest(root) if topic == REST else sorted((root / topic).glob("*.yaml"))


def _rest(root: Path) -> list[Path]:
    """The scenario files anywhere below a folder that no topic's module runs. Cluster files may stand beside them.

    The shipped ones have a module each, but for those of "defects", which run as twins and with a defect only.
    """
    from maildrill.cluster.model import is_cluster_file
    from maildrill.shipped import data_dir, list_scenarios

    if root == data_dir() / "scenarios":
        return []
    topics = {root / path.parent.name for path in list_scenarios()} - {root / "defects"}
    return [path for path in list_scenarios(root) if path.parent not in topics and not is_cluster_file(path)]


def _root(config: pytest.Config) -> Path:
    from maildrill.shipped import data_dir

    given = config.getoption("maildrill_scenarios")
    root = config.invocation_params.dir / given if given else data_dir() / "scenarios"
    if not root.is_dir():
        raise BadInput(f"{root}: no such folder of scenarios")
    return root
