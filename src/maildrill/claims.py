"""What a scenario claims, its own file must let the drill see: an objective that nothing can miss is no objective."""

from __future__ import annotations

from maildrill.cluster.attached import AttachedCluster
from maildrill.cluster.model import AnyCluster
from maildrill.scenario.document import Document, nearest
from maildrill.scenario.model import SERVICES, Objective, Objectives, Scenario

ABOUT_MAIL = ("rpo", "lost", "catch_up", "system_duplicates", "false_rejections", "premature_bounces")
"""Objectives that say something about the messages that are offered."""


def states_something(objectives: Objectives) -> bool:
    """Whether at least one objective was given, and has a value."""
    values = [getattr(objectives, name) for name in objectives.model_fields_set]
    return any(one.rto is not None if isinstance(one, Objective) else one is not None for one in values)


def check_claims(scenario: Scenario, document: Document) -> None:
    """Objectives and stop conditions against probes and traffic of the same file. Raises BadInput with the place."""
    goals, probes = scenario.objectives, scenario.probes
    if not states_something(goals):
        raise document.bad(("objectives",), "at least one objective is needed: a drill must claim something")
    probed = probes.services or SERVICES
    for name in SERVICES:
        if getattr(goals, name) is not None and name not in probed:
            raise document.bad(("objectives", name), f"probes.services leaves it out; {nearest(name, probed)}")
    for index, stop in enumerate(scenario.stop):
        if stop.probe is not None and stop.probe not in probed:
            message = f"probes.services leaves {stop.probe} out; {nearest(stop.probe, probed)}"
            raise document.bad(("stop", index, "probe"), message)
    if goals.old_mail is not None and not probes.recall:
        raise document.bad(("objectives", "old_mail"), "nobody looks for old mail without probes: {recall: 500ms}")
    if goals.convergence is not None and not probes.replicas:
        message = "nobody would look at the stores; add probes: {replicas: 500ms}"
        raise document.bad(("objectives", "convergence"), message)
    stated = [name for name in ABOUT_MAIL if getattr(goals, name) is not None]
    streams = (scenario.traffic.inbound, scenario.traffic.submission, scenario.traffic.outbound)
    if stated and not any(stream.rate for stream in streams):
        message = "no mail is offered: inbound, submission and outbound of traffic all have rate 0"
        raise document.bad(("objectives", stated[0]), message)


def check_backends(scenario: Scenario, document: Document, model: AnyCluster) -> None:
    """Fairness is asked of backends that a proxy of the cluster has. Raises BadInput with the place."""
    if scenario.objectives.fairness is None:
        return
    known: set[str] = set()
    if not isinstance(model, AttachedCluster):
        from maildrill.cluster.backends import backends

        known = backends(model)
    for name in scenario.objectives.fairness:
        if name not in known:
            hint = nearest(name, known) if known else "no log of a proxy is read there"
            message = f'cluster "{model.cluster}" has no proxy with a backend "{name}"; {hint}'
            raise document.bad(("objectives", "fairness", name), message)
