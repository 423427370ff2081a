"""Planted defects: each differs from its clean twin, a drill must tell them apart, and nothing knows one by name."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace as Some
from typing import Any

import pytest
from cryptography.x509 import load_pem_x509_certificate

from maildrill.catalogue import load_scenario
from maildrill.cluster.clusterfile import load_cluster
from maildrill.cluster.keys import make_keys
from maildrill.cluster.model import ClusterModel
from maildrill.cluster.render import Plan
from maildrill.errors import BadInput
from maildrill.plugin import DefectRun
from maildrill.scenario.document import read_yaml
from maildrill.scenario.model import Defect
from maildrill.shipped import data_dir, list_clusters, list_scenarios

DEFECTS = [name for name in list_clusters() if name.startswith("defects/")]
TOLD_APART = {
    defect.cluster: (scenario, defect)
    for scenario in map(load_scenario, list_scenarios())
    for defect in scenario.tells_apart
}
KEYS = make_keys(load_cluster("postfix-dovecot-ha"))


def rendered(model: ClusterModel) -> dict[tuple[str, str], bytes]:
    """Every configuration file of a cluster's nodes, with addresses made up."""
    addresses = {name: {"lan": f"10.0.0.{number}"} for number, name in enumerate(model.nodes, 2)}
    plan = Plan(model, KEYS, {"lan": "10.0.0.0/26"}, addresses, "10.0.0.60" if model.floating_address else None)
    return {(name, path): content for name in model.nodes for path, content in plan.files(name).items()}


def test_at_least_fifteen() -> None:
    assert len(DEFECTS) >= 15


@pytest.mark.parametrize("name", DEFECTS)
def test_a_scenario_tells_it_from_its_twin(name: str) -> None:
    scenario, _ = TOLD_APART[name]
    parent = read_yaml(data_dir() / "fixtures" / "clusters" / f"{name}.yaml").data["extends"]
    assert parent == scenario.cluster
    assert f"defects/{load_cluster(name).cluster}" == name


@pytest.mark.parametrize("name", DEFECTS)
def test_it_is_planted_in_what_the_servers_read_and_nowhere_else(name: str) -> None:
    scenario, _ = TOLD_APART[name]
    defective, twin = load_cluster(name), load_cluster(scenario.cluster)
    bad, good = rendered(defective), rendered(twin)
    changed = {place for place in good if bad[place] != good[place]}
    assert bad.keys() == good.keys()
    assert 1 <= len({path for _, path in changed}) <= 2, "a defect is one mistake, not another cluster"
    assert [node.roles for node in defective.nodes.values()] == [node.roles for node in twin.nodes.values()]


def test_every_defect_is_on_its_page() -> None:
    page = (data_dir() / "docs" / "defects.md").read_text()
    rows = [f"| {name.removeprefix('defects/')} |" for name in DEFECTS]
    assert not [row for row in rows if row not in page]


def test_no_code_knows_a_defect() -> None:
    files = [path for path in (data_dir() / "src").rglob("*") if path.suffix in (".py", ".j2")]
    files += (data_dir() / "fixtures" / "images").rglob("*.j2")
    assert len(files) > 100
    names = [name.removeprefix("defects/") for name in DEFECTS]
    assert not [(path, name) for path in files for name in names if name in path.read_text(encoding="utf-8")]


def test_the_expired_certificate_has_expired_and_the_other_has_not() -> None:
    now = datetime.now(UTC)
    expired, current = (load_pem_x509_certificate(pem) for pem in (KEYS.expired[0], KEYS.cert_pem))
    assert expired.not_valid_after_utc < now < current.not_valid_after_utc
    assert expired.issuer == current.issuer


def outcome(verdict: str, *found: tuple[str, str]) -> Any:
    diagnostics = [Some(code=code, about=about, message=f"{about}: too much") for code, about in found]
    return Some(folder=Path("there"), result=Some(verdict=verdict, scenario="s", cluster="c", diagnostics=diagnostics))


@pytest.mark.parametrize("about", ["lost", ""])
def test_a_defect_is_seen_by_the_right_diagnostic(about: str) -> None:
    defect = Defect(cluster="defects/no-health-check", about=about)
    found = (("OBJECTIVE_MISSED", "mailbox"), ("OBJECTIVE_MISSED", "lost"))
    DefectRun(outcome("fail", *found), defect).require_seen()


@pytest.mark.parametrize(
    ("verdict", "found"),
    [
        ("pass", []),
        ("pass", [("OBJECTIVE_MISSED", "lost")]),
        ("fail", [("OBJECTIVE_MISSED", "mailbox")]),
        ("fail", [("HEAL_FAILED", "lost")]),
    ],
)
def test_a_defect_is_not_seen_by_another_diagnostic(verdict: str, found: list[tuple[str, str]]) -> None:
    with pytest.raises(pytest.fail.Exception) as caught:
        DefectRun(outcome(verdict, *found), Defect(cluster="c", about="lost")).require_seen()
    said = str(caught.value)
    assert f"the verdict on c is {verdict}" in said
    assert "expected: fail, with OBJECTIVE_MISSED about lost" in said
    assert "there/report.html" in said


SCENARIO = """\
scenario: one
title: One
timeline:
  - at: 0s
    fault: kill
    target: { role: mx }
objectives:
  lost: 0
tells_apart:
  - cluster: defects/no-health-check
    about: lost
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "no-health-check",
            "no-health-chek",
            's.yaml:10:14: tells_apart[0].cluster: unknown cluster "defects/no-health',
        ),
        ("no-health-check", "no-health-chek", 'did you mean "defects/no-health-check"?'),
        (
            "about: lost",
            "about: mailbox",
            's.yaml:11:12: tells_apart[0].about: no objective "mailbox"; known: corrupt, lost, misdelivered',
        ),
        ("about: lost", "abuot: lost", 'unknown field "tells_apart[0].abuot"; did you mean "about"?'),
    ],
)
def test_a_mistake_is_shown_where_it_stands(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(SCENARIO.replace(old, new))
    with pytest.raises(BadInput) as caught:
        load_scenario(path)
    assert said in str(caught.value)
