"""Where scenarios, clusters and images are found, and how a scenario file becomes a checked Scenario."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from maildrill.errors import BadInput
from maildrill.faults import KINDS
from maildrill.scenario.document import Document, Loc, check, nearest, read_yaml
from maildrill.scenario.model import SERVICES, Objectives, Scenario, Step, Target

if TYPE_CHECKING:
    from maildrill.cluster.model import ClusterModel


def data_dir() -> Path:
    """The folder that holds fixtures/, scenarios/ and schema/: the checkout, or inside the wheel."""
    here = Path(__file__).resolve().parent
    checkout = here.parent.parent
    return checkout if (checkout / "fixtures").is_dir() and (checkout / "scenarios").is_dir() else here / "_data"


def list_scenarios(folder: Path | None = None) -> list[Path]:
    """Every scenario file below ``folder`` (default: the shipped ones), by topic and name."""
    root = folder or data_dir() / "scenarios"
    return sorted(root.rglob("*.yaml"))


def list_clusters() -> list[str]:
    """Names of the shipped clusters."""
    return sorted(path.stem for path in (data_dir() / "fixtures" / "clusters").glob("*.yaml"))


def list_images() -> list[str]:
    """Names of the server images, one folder each."""
    images = data_dir() / "fixtures" / "images"
    return sorted(path.name for path in images.glob("*") if (path / "Dockerfile").is_file())


def find_scenario(name_or_path: str, folder: Path | None = None) -> Path:
    """A file, or a scenario by name ("mx-kill") or topic and name ("redundancy/mx-kill"). Raises BadInput."""
    if Path(name_or_path).is_file():
        return Path(name_or_path)
    if name_or_path.endswith((".yaml", ".yml")):
        raise BadInput(f"{name_or_path}: no such file")
    root = folder or data_dir() / "scenarios"
    named = {path.relative_to(root).with_suffix("").as_posix(): path for path in list_scenarios(folder)}
    found = [path for name, path in named.items() if name_or_path in (name, path.stem)]
    if len(found) == 1:
        return found[0]
    if found:
        raise BadInput(f'"{name_or_path}" is the name of several scenarios: {", ".join(map(str, found))}')
    hint = nearest(name_or_path, [*named, *(path.stem for path in named.values())])
    raise BadInput(f'no scenario "{name_or_path}"; {hint}')


def load_scenario(path: Path) -> Scenario:
    """Read and check one scenario file. Raises BadInput with file, line and column."""
    document = read_yaml(path)
    scenario = check(Scenario, document)
    _check_objectives(scenario, document)
    for index, step in enumerate(scenario.timeline):
        _check_step(document, ("timeline", index), step)
        for place, target in _targets(index, step.target, step.peers):
            if (target.node is None) == (target.role is None):
                raise document.bad(place, "name either a node or a role")
    find_cluster(scenario.cluster, path, document)
    return scenario


def _check_step(document: Document, loc: Loc, step: Step) -> None:
    """The kind of fault is known, and has what it needs and only that."""
    if step.fault not in KINDS:
        raise document.bad((*loc, "fault"), f'unknown fault "{step.fault}"; {nearest(step.fault, KINDS)}')
    kind = KINDS[step.fault]
    if kind.has_peers and not step.peers:
        raise document.bad(loc, f"a {step.fault} needs peers: whom the target cannot reach")
    if step.peers and not kind.has_peers:
        raise document.bad((*loc, "peers"), f"a {step.fault} has no peers")
    check(kind.Parameters, document, step.parameters, (*loc, "with"))


def find_cluster(cluster: str, scenario_path: Path, document: Document | None = None) -> str:
    """A shipped cluster's name, or the path of a cluster file, relative to the scenario. Raises BadInput."""
    if cluster.endswith((".yaml", ".yml")):
        file = (scenario_path.parent / cluster).resolve()
        message = "" if file.is_file() else f'no cluster file "{file}"'
        found = str(file)
    else:
        names = list_clusters()
        message = "" if cluster in names else f'unknown cluster "{cluster}"; {nearest(cluster, names)}'
        found = cluster
    if message:
        raise document.bad(("cluster",), message) if document else BadInput(message)
    return found


def load_pair(path: Path, cluster: str | None = None) -> tuple[Scenario, ClusterModel]:
    """A scenario with its cluster (or with another one by name or path), checked against each other."""
    from maildrill.cluster.model import load_cluster

    scenario = load_scenario(path)
    model = load_cluster(find_cluster(cluster, Path.cwd() / "-") if cluster else find_cluster(scenario.cluster, path))
    document = read_yaml(path)
    roles = {role for node in model.nodes.values() for role in node.roles}
    for index, step in enumerate(scenario.timeline):
        for place, target in _targets(index, step.target, step.peers):
            _check_target(document, place, target, set(model.nodes), roles, model.cluster)
    return scenario, model


def _check_target(
    document: Document, place: Loc, target: Target, nodes: set[str], roles: set[str], cluster: str
) -> None:
    for field, name, valid in (("node", target.node, nodes), ("role", target.role, roles)):
        if name is not None and name not in valid:
            hint = nearest(name, valid)
            raise document.bad((*place, field), f'cluster "{cluster}" has no {field} "{name}"; {hint}')


def _targets(index: int, target: Target, peers: list[Target]) -> list[tuple[Loc, Target]]:
    step: Loc = ("timeline", index)
    listed: list[tuple[Loc, Target]] = [((*step, "peers", n), peer) for n, peer in enumerate(peers)]
    return [((*step, "target"), target), *listed]


def _check_objectives(scenario: Scenario, document: Document) -> None:
    if not states_something(scenario.objectives):
        raise document.bad(("objectives",), "at least one objective is needed: a drill must claim something")


def states_something(objectives: Objectives) -> bool:
    """Whether at least one objective has a value."""
    services = [getattr(objectives, name) for name in SERVICES]
    others = (objectives.rpo, objectives.lost, objectives.catch_up, objectives.system_duplicates)
    return any(one is not None and one.rto is not None for one in services) or any(o is not None for o in others)
