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
    """Print it; returns 0 if a run could start, 4 if this machine would have to skip it."""
    lines, skipped = rehearse(scenario, model, seed), _skipped(scenario) if isinstance(model, ClusterModel) else []
    if json:
        print_json({
            "scenario": scenario.scenario, "cluster": model.cluster, "timeline": [asdict(line) for line in lines],
            "summary": summary(scenario, model), "skipped": skipped,
        })  # fmt: skip
    else:
        typer.echo(f"{scenario.scenario} on {model.cluster}: {scenario.title}")
        for line in lines:
            typer.echo(f"{line.at:8.1f} s  {line.act:8} {line.what:20} {line.whom}")
            if line.detail:
                typer.echo(f"{'':20} {line.detail}")
        typer.echo("\n".join(summary(scenario, model)))
        typer.echo(
            "\n".join(f"this machine skips it: {reason}" for reason in skipped) or "this machine can do all of it"
        )
    return EnvironmentProblem.exit_code if skipped else 0


def _skipped(scenario: Scenario) -> list[str]:
    """Why this machine would have to skip the drill; also if it has no engine."""
    kinds = {step.fault: KINDS[step.fault] for _, step in scenario.faults()}
    needs = {name for kind in kinds.values() for name in kind.needs}
    try:
        missing = look(connect(), needs) if needs else {}
    except EnvironmentProblem as problem:
        return [str(problem)]
    return [f"{name}: {why}" for name, kind in kinds.items() if (why := why_not(kind, missing))]
