"""A scenario that claims what its own file or its cluster keeps from being seen is refused, and where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from maildrill.catalogue import load_pair
from maildrill.errors import BadInput

KILL = {"at": "0s", "name": "a", "fault": "kill", "target": {"role": "mx"}}


def said(folder: Path, timeline: list[dict[str, Any]] | None = None, **parts: Any) -> str:
    """What is said about a scenario with these parts; empty if it is accepted."""
    whole = {"scenario": "s", "title": "S", "objectives": {"lost": 0}, "timeline": timeline or [KILL], **parts}
    path = folder / "s.yaml"
    YAML().dump(whole, path)
    try:
        load_pair(path)
    except BadInput as error:
        return str(error).replace(f"{folder}/", "")
    return ""


def test_an_objective_of_a_service_that_is_not_probed(tmp_path: Path) -> None:
    goals = {"mailbox": {"rto": "5s"}, "inbound": {"rto": "5s"}}
    assert said(tmp_path, objectives=goals) == ""
    found = said(tmp_path, objectives=goals, probes={"services": ["mailbox"]})
    assert found == "s.yaml:7:5: objectives.inbound: probes.services leaves it out; known: mailbox"


def test_a_stop_condition_of_a_service_that_is_not_probed(tmp_path: Path) -> None:
    stop = [{"probe": "inbound", "longer_than": "2m"}]
    assert said(tmp_path, stop=stop, probes={"services": ["inbound"]}) == ""
    found = said(tmp_path, stop=stop, probes={"services": ["mailbox"]})
    assert "stop[0].probe: probes.services leaves inbound out; known: mailbox" in found


def test_old_mail_that_nobody_looks_for(tmp_path: Path) -> None:
    goals = {"old_mail": {"rto": "5s"}}
    assert said(tmp_path, objectives=goals, probes={"recall": "500ms"}) == ""
    assert "s.yaml:5:5: objectives.old_mail: nobody looks for old mail without" in said(tmp_path, objectives=goals)


def test_convergence_of_stores_that_nobody_looks_at(tmp_path: Path) -> None:
    goals = {"convergence": "5s"}
    assert said(tmp_path, objectives=goals, probes={"replicas": "500ms"}) == ""
    assert "s.yaml:4:16: objectives.convergence: nobody would look at the stores" in said(tmp_path, objectives=goals)


@pytest.mark.parametrize("goal", ["lost", "rpo", "catch_up", "false_rejections"])
def test_mail_that_is_not_offered(tmp_path: Path, goal: str) -> None:
    streams = {"inbound": {"rate": 0}, "submission": {"rate": 0}, "outbound": {"rate": "0/s"}}
    silent = {"objectives": {goal: 0}, "traffic": streams}
    assert f"objectives.{goal}: no mail is offered" in said(tmp_path, **silent)
    assert said(tmp_path, **silent | {"traffic": streams | {"outbound": {"rate": 1}}}) == ""
    assert said(tmp_path, **silent | {"objectives": {"inbound": {"rto": "5s"}}}) == ""


def test_fairness_of_a_backend_that_no_proxy_has(tmp_path: Path) -> None:
    assert said(tmp_path, objectives={"fairness": {"submission": 0.9, "sasl": 0.5}}) == ""
    found = said(tmp_path, objectives={"fairness": {"lmpt": 0.9}})
    assert found.startswith("s.yaml:5:11: objectives.fairness.lmpt: cluster ")
    assert found.endswith('has no proxy with a backend "lmpt"; did you mean "lmtp"?')
    without_filter = said(tmp_path, objectives={"fairness": {"filter": 0.9}})
    assert without_filter.endswith("known: imaps, lmtp, sasl, submission")
    without_proxy = said(tmp_path, objectives={"fairness": {"imaps": 0.9}}, cluster="postfix-dovecot-single")
    assert without_proxy.endswith("no log of a proxy is read there")


@pytest.mark.parametrize(("at", "ok"), [("4s", False), ("5s", True), ("6s", True)])
def test_healing_before_there_is_a_fault(tmp_path: Path, at: str, ok: bool) -> None:
    late = KILL | {"at": "5s"}
    found = said(tmp_path, [late, {"at": at, "recover": "heal", "of": "a"}])
    assert (found == "") == ok
    assert ok or found.endswith(': timeline[1].at: "a" is not injected before 5 s: nothing would be healed')


def test_at_one_moment_the_order_of_the_file_decides(tmp_path: Path) -> None:
    assert "nothing would be healed" in said(tmp_path, [{"at": "0s", "recover": "heal", "of": "a"}, KILL])
