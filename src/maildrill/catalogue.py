"""How a scenario is found, and how its file becomes a checked Scenario."""

from __future__ import annotations

import difflib
from pathlib import Path

from maildrill.checks import check_against_cluster, check_timeline
from maildrill.claims import check_claims
from maildrill.cluster.clusterfile import load_any_cluster
from maildrill.cluster.model import AnyCluster
from maildrill.codes import OF_A_FAIL
from maildrill.errors import BadInput, Misfit
from maildrill.places import is_file
from maildrill.scenario.document import Document, Loc, check, nearest, read_yaml
from maildrill.scenario.model import Defect, Objectives, Scenario
from maildrill.shipped import data_dir, list_clusters, list_scenarios


def find_scenario(name_or_path: str, folder: Path | None = None) -> Path:
    """A file, or a scenario by name ("mx-kill") or topic and name ("redundancy/mx-kill"). Raises BadInput."""
    path = Path(name_or_path)
    if is_file(path):
        return path
    if path.suffix in (".yaml", ".yml"):
        raise BadInput(f"{path}: {'a folder, not a scenario file' if path.is_dir() else 'no such file'}")
    root = folder or data_dir() / "scenarios"
    named = {path.relative_to(root).with_suffix("").as_posix(): path for path in list_scenarios(folder)}
    found = [path for name, path in named.items() if name_or_path in (name, path.stem)]
    if len(found) == 1:
        return found[0]
    if found:
        raise BadInput(f'"{name_or_path}" is the name of several scenarios: {", ".join(map(str, found))}')
    folder_there = " (a folder has this name; name a file in it)" if name_or_path and path.is_dir() else ""
    raise BadInput(f'no scenario "{name_or_path}"{folder_there}; {_near(name_or_path, named)}')


def _near(name: str, named: dict[str, Path]) -> str:
    """The scenario that was meant, or the three nearest; with their topics if ``name`` has one."""
    names = list(named) if "/" in name else [path.stem for path in named.values()]
    hint = nearest(name, names)
    if hint.startswith("did"):
        return hint
    return f"nearest: {', '.join(difflib.get_close_matches(name, names, 3, 0.0))}; maildrill list names all"


def load_scenario(path: Path) -> Scenario:
    """Read and check one scenario file. Raises BadInput with file, line and column."""
    document = read_yaml(path)
    scenario = check(Scenario, document)
    check_claims(scenario, document)
    check_timeline(scenario, document)
    find_cluster(scenario.cluster, path, document)
    for index, defect in enumerate(scenario.tells_apart):
        _check_defect(document, ("tells_apart", index), defect, scenario)
        find_cluster(defect.cluster, path, document, ("tells_apart", index, "cluster"))
    return scenario


def _check_defect(document: Document, loc: Loc, defect: Defect, scenario: Scenario) -> None:
    """A failed drill can have the diagnostic, and what it is about is an objective of the scenario."""
    if defect.diagnostic not in OF_A_FAIL:
        hint = nearest(defect.diagnostic, OF_A_FAIL)
        raise document.bad((*loc, "diagnostic"), f'no diagnostic of a failed drill "{defect.diagnostic}"; {hint}')
    stated = [name for name in Objectives.model_fields if getattr(scenario.objectives, name) is not None]
    if defect.about and defect.about not in stated:
        raise document.bad((*loc, "about"), f'no objective "{defect.about}"; {nearest(defect.about, stated)}')


def find_cluster(cluster: str, scenario_path: Path, document: Document | None = None, loc: Loc = ("cluster",)) -> str:
    """A shipped cluster's name, or the path of a cluster file, relative to the scenario. Raises BadInput."""
    if cluster.endswith((".yaml", ".yml")):
        file = (scenario_path.parent / cluster).resolve()
        message = "" if is_file(file) else f'no cluster file "{file}"'
        found = str(file)
    else:
        names = list_clusters()
        message = "" if cluster in names else f'unknown cluster "{cluster}"; {nearest(cluster, names)}'
        found = cluster
    if message:
        raise document.bad(loc, message) if document else BadInput(message)
    return found


def chosen_cluster(scenario: Scenario, path: Path, cluster: str | None) -> str:
    """The cluster asked for, or else the scenario's own: a shipped one's name, or a file's path. Raises BadInput."""
    return find_cluster(scenario.cluster, path) if cluster is None else find_cluster(cluster, Path.cwd() / "-")


def load_pair(path: Path, cluster: str | None = None) -> tuple[Scenario, AnyCluster]:
    """A scenario with its cluster (or with another one by name or path), checked against each other.

    Raises Misfit if only together they are wrong, else BadInput.
    """
    scenario = load_scenario(path)
    model = load_any_cluster(chosen_cluster(scenario, path, cluster))
    try:
        check_against_cluster(scenario, read_yaml(path), model)
    except BadInput as error:
        raise Misfit(str(error)) from None
    return scenario, model
