"""Passwords are in no program's arguments, where every process of a node could read them."""

from __future__ import annotations

import pytest

from maildrill.cluster.clusterfile import load_cluster
from maildrill.cluster.keys import make_keys
from maildrill.cluster.render import Plan
from maildrill.shipped import list_clusters

NO_PROGRAM = ("export ", "printf ")
"""What the shell does itself."""


@pytest.mark.parametrize("name", [name for name in list_clusters() if "/" not in name])
def test_no_password_is_an_argument(name: str) -> None:
    model = load_cluster(name)
    keys = make_keys(model)
    addresses = {node: dict.fromkeys(model.networks, f"10.0.0.{n}") for n, node in enumerate(model.nodes, 2)}
    plan = Plan(model, keys, dict.fromkeys(model.networks, "10.0.0.0/26"), addresses, "10.0.0.60")
    for node in model.nodes:
        scripts = [text.decode() for text in plan.files(node).values() if text.startswith(b"#!/bin/sh")]
        lines = [line.strip() for script in scripts for line in script.splitlines()]
        for line in lines:
            assert line.startswith(NO_PROGRAM) or not any(one in line for one in keys.passwords.values()), line
