"""`maildrill run --dry-run`: the drill on paper."""

from __future__ import annotations

from dataclasses import asdict

import typer

from maildrill.cluster.engine import connect
from maildrill.cluster.model import AnyCluster, ClusterModel
from maildrill.commands.app import print_json
from maildrill.drill.machine import look, why_not
from maildrill.drill.rehearsal import rehearse, summary
from maildrill.errors import EnvironmentProblem
from maildrill.faults import KINDS
from maildrill.scenario.model import Scenario


def dry(scenario: Scenario, model: AnyCluster, seed: int | None, json: bool) -> int:
    """Print it; returns 0 if a run could start, 4 if this machine would have to skip it, or nobody knows."""
    lines = rehearse(scenario, model, seed)
    skipped, unknown = _skipped(scenario if isinstance(model, ClusterModel) else None)
    if json:
        print_json({
            "scenario": scenario.scenario, "cluster": model.cluster, "timeline": [asdict(line) for line in lines],
            "summary": summary(scenario, model), "skipped": skipped, "unknown": unknown,
        })  # fmt: skip
    else:
        typer.echo(f"{scenario.scenario} on {model.cluster}: {scenario.title}")
        for line in lines:
            typer.echo(f"{line.at:8.1f} s  {line.act:8} {line.what:20} {line.whom}")
            if line.detail:
                typer.echo(f"{'':20} {line.detail}")
        typer.echo("\n".join(summary(scenario, model)))
        typer.echo(_verdict(skipped, unknown))
    return EnvironmentProblem.exit_code if skipped or unknown else 0


def _verdict(skipped: list[str], unknown: str) -> str:
    if unknown:
        return f"whether this machine can do it is not known: {unknown}"
    return "\n".join(f"this machine skips it: {reason}" for reason in skipped) or "this machine can do all of it"


def _skipped(scenario: Scenario | None) -> tuple[list[str], str]:
    """(why this machine would have to skip the drill, why nobody knows: no engine answers).

    Without a scenario (the faults are the owner's) only an engine is needed, for the vantage.
    """
    kinds = {step.fault: KINDS[step.fault] for _, step in scenario.faults()} if scenario else {}
    needs = {name for kind in kinds.values() for name in kind.needs}
    try:
        engine = connect()
        missing = look(engine, needs) if needs else {}
    except EnvironmentProblem as problem:
        return [], str(problem)
    return [f"{name}: {why}" for name, kind in kinds.items() if (why := why_not(kind, missing))], ""
