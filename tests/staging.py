"""A scenario and the file of an attached system, for the tests of both; nothing of it exists."""

from __future__ import annotations

from pathlib import Path

from maildrill.catalogue import load_pair
from maildrill.cluster.attached import AttachedCluster
from maildrill.cluster.clusterfile import load_any_cluster
from maildrill.cluster.model import AnyCluster
from maildrill.scenario.model import Scenario

CLUSTER = """\
cluster: staging
attached: true
domain: example.test
submission: {host: smtp.example.test, port: 587}
imap: {host: imap.example.test, port: 993}
accounts:
  - {address: drill1@example.test, password_env: DRILL_ONE}
  - {address: drill2@example.test, password_env: DRILL_TWO}
nodes:
  mx1:
    roles: [mx]
    host: mx1.example.test
    checks: {25: smtp}
    allow:
      kill:
        inject: {run: echo off}
        heal: {http: {url: "https://power.test/mx1/on", headers: {Authorization: "Bearer ${POWER_TOKEN}"}}}
      freeze:
        inject: {ask: unplug mx1, deadline: 5m}
        heal: {ask: plug mx1 in, deadline: 5m}
    allow_commands:
      rndc reload: {run: ssh dns1 rndc reload}
"""
SCENARIO = """\
scenario: one
title: One
timeline:
  - {at: 0s, fault: FAULT, target: {role: mx}, for: 5s}
objectives: {lost: 0}
"""
ENVIRONMENT = {"DRILL_ONE": "pass-one", "DRILL_TWO": "pass-two", "POWER_TOKEN": "t0ken"}


def four_nodes(kind: str) -> str:
    """The cluster file with mx1 to mx4, each of which allows this kind of fault too."""
    allow = f"      {kind}: {{inject: {{run: echo {kind}}}, heal: {{run: echo undo}}}}\n"
    head, _, node = CLUSTER.partition("  mx1:\n")
    node = node.replace("    allow:\n", f"    allow:\n{allow}")
    return head + "".join(f"  mx{number}:\n{node.replace('mx1', f'mx{number}')}" for number in range(1, 5))


def write(folder: Path, fault: str = "kill", cluster: str = CLUSTER, duration: str = "5s") -> tuple[Path, Path]:
    """A scenario and a cluster file."""
    paths = folder / "one.yaml", folder / "staging.yaml"
    paths[0].write_text(SCENARIO.replace("FAULT", fault).replace("5s", duration))
    paths[1].write_text(cluster)
    return paths


def model_of(folder: Path) -> AttachedCluster:
    model = load_any_cluster(str(write(folder)[1]))
    assert isinstance(model, AttachedCluster)
    return model


def pair(folder: Path, **how: str) -> tuple[Scenario, AnyCluster]:
    """A scenario and an attached cluster, written and checked against each other."""
    scenario, cluster = write(folder, **how)
    return load_pair(scenario, str(cluster))
