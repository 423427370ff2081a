"""Which drills a pytest session is made of: from a folder of scenarios and the options to planned drills with ids."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from maildrill.errors import BadInput, Misfit

if TYPE_CHECKING:
    from maildrill.cluster.model import AnyCluster
    from maildrill.scenario.model import Defect, Scenario

    Pair = tuple[Scenario, AnyCluster]

REST = "*"
"""In place of a topic: what no shipped topic claims."""


@dataclass(frozen=True)
class Planned:
    """One drill to run: a scenario file, on which cluster (None: its own), in which repeat (from 1).

    ``misfit`` says why the scenario cannot run on a cluster that was asked for: it is skipped. ``cell`` is the
    drill's place in a comparison, if the session is one; ``pair`` then is what is compared.
    """

    path: Path
    cluster: str | None = None
    repeat: int = 1
    defect: Defect | None = None
    misfit: str = ""
    cell: str = ""
    pair: Pair | None = None


def is_comparison(config: pytest.Config) -> bool:
    """Whether the drills of this session are repeated, or run on several clusters."""
    return len(config.getoption("maildrill_cluster") or ()) > 1 or config.getoption("maildrill_repeat") > 1


def _drills(config: pytest.Config, topic: str | Path) -> list[tuple[Planned, str]]:
    """Every drill of a topic with its id, which names cluster and repeat where there are several."""
    clusters: list[str | None] = list(config.getoption("maildrill_cluster") or [None])
    repeats = config.getoption("maildrill_repeat")
    if repeats < 1:
        raise BadInput(f"--repeat {repeats}: at least 1")
    from maildrill.compare.plan import cell_name

    found = []
    for path in _files(config, topic):
        for cluster in clusters:
            pair, scenario, model, misfit = _fitting(path, cluster)
            for repeat in range(1, repeats + 1):
                parts = [scenario, *([model] if len(clusters) > 1 else []), *([f"r{repeat}"] if repeats > 1 else [])]
                cell = cell_name(scenario, model, repeat) if is_comparison(config) else ""
                found.append((Planned(path, cluster, repeat, misfit=misfit, cell=cell, pair=pair), "-".join(parts)))
    return found


def _defects(config: pytest.Config, topic: str | Path) -> list[tuple[Planned, str]]:
    """Every defect that a scenario below the topic tells apart, whatever cluster the others run on."""
    from maildrill.catalogue import load_pair

    found = []
    for path, scenario in _telling(config, topic):
        for defect in scenario.tells_apart:
            _, model = load_pair(path, defect.cluster)
            found.append((Planned(path, defect.cluster, defect=defect), f"{scenario.scenario}-{model.cluster}"))
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


def _fitting(path: Path, cluster: str | None) -> tuple[Pair | None, str, str, str]:
    """(a checked scenario and its cluster, their names, why they do not fit if they do not)."""
    from maildrill.catalogue import load_pair, load_scenario

    try:
        scenario, model = load_pair(path, cluster)
    except Misfit as error:
        if cluster is None:
            raise
        return None, load_scenario(path).scenario, Path(cluster).stem, str(error)
    return (scenario, model), scenario.scenario, model.cluster, ""


def _files(config: pytest.Config, topic: str | Path) -> list[Path]:
    root = _root(config)
    return _rest(root) if topic == REST else sorted((root / topic).glob("*.yaml"))


def _rest(root: Path) -> list[Path]:
    """The scenario files anywhere below a folder that no topic's module runs. Cluster files may stand beside them.

    The shipped ones have a module each, but for those of "defects", which run as twins and with a defect only.
    """
    from maildrill.cluster.clusterfile import is_cluster_file
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
