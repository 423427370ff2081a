"""The dry run: the timeline on paper, with whom it hits as far as that can be known."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest

import maildrill.commands.dry
from maildrill import cli
from maildrill.catalogue import load_pair
from maildrill.drill.rehearsal import Line, _lines, rehearse
from maildrill.drill.timeline import Timeline
from maildrill.faults.features import FEATURES
from maildrill.faults.placement import Placement
from maildrill.scenario.moments import Moment

PLAN = """\
scenario: paper
title: A drill on paper
cluster: postfix-dovecot-ha
baseline: 5s
timeline:
  - {at: 0s, name: cut, fault: partition, target: {role: store}, peers: [{role: mx, pick: all}]}
  - {at: 2s, fault: freeze, target: {role: mx, pick: random}, for: 3s, repeat: {times: 2, every: 4s}}
  - {at: 5s, recover: command, target: {role: store, holds: user3}, run: doveadm reload}
  - {at: 6s, recover: ask, say: unplug it, deadline: 2m}
  - {at: 8s, recover: heal, of: cut}
stop: [{probe: inbound, longer_than: 1m}, {messages: refused, above: 3}]
limits: {nodes_down: 2, fault_time: 10s}
settle: 4s
objectives: {lost: 0}
"""


@pytest.fixture
def paper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The plan as a file, on a machine that can do everything."""
    monkeypatch.setattr(maildrill.commands.dry, "connect", lambda: None)
    monkeypatch.setattr(maildrill.commands.dry, "look", lambda _, names: dict.fromkeys(names, ""))
    (tmp_path / "paper.yaml").write_text(PLAN)
    return tmp_path / "paper.yaml"


def test_it_says_what_would_be_done_to_whom(paper: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["run", str(paper), "--dry-run"]) == 0
    shown = capsys.readouterr().out
    for said in (
        "0.0 s  inject   partition            store1\n",
        "from mx1, mx2. ",
        "2.0 s  inject   freeze               1 of mx1, mx2 (at random)",
        "5.0 s  recover  command              1 of store1, store2 (the one that holds the newest mail of user3",
        "unplug it (within 120 s)",
        "8.0 s  recover  heal                 cut",
        "9.0 s  heal     freeze ",
        "at most 2 of 10 nodes at once (limit 2); faults in force for 9 s (limit 10 s)",
        "baseline 5 s + timeline 9 s + settle 4 s = 18 s, then up to 20 s",
        "start and end; up to 117 s more if a recovery step takes all of its time\n",
        "stops early if inbound fails for longer than 60 s",
        "this machine can do all of it",
    ):
        assert said in shown, said


def test_with_a_seed_chance_is_foretold_as_it_will_fall(paper: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The dice of the dry run are those of the run."""
    seen = set()
    for seed in range(8):
        assert cli.run(["run", str(paper), "--dry-run", "--json", "--seed", str(seed)]) == 0
        lines = json.loads(capsys.readouterr().out)["timeline"]
        hit = [line["whom"] for line in lines if line["what"] == "freeze" and line["act"] == "inject"]
        healed = [line["whom"] for line in lines if line["what"] == "freeze" and line["act"] == "heal"]
        assert hit == healed
        seen |= set(hit)
    assert {one.split()[0] for one in seen} == {"mx1", "mx2"}


BY_CHANCE = """\
scenario: chance
title: Chance
timeline:
  - {at: 0s, fault: KIND, target: {role: mx, fraction: 0.5}, peers: [{role: store, pick: random}, {role: dns}, OTHER]}
objectives: {lost: 0}
"""
OTHER = "{role: mx, pick: random}"


def on_paper_and_for_real(folder: Path, kind: str, seed: int, other: str) -> tuple[list[Line], list[Placement]]:
    """What the dry run says of the injection, and where the timeline puts the faults, first to be healed first."""
    path = folder / "chance.yaml"
    path.write_text(BY_CHANCE.replace("KIND", kind).replace("OTHER", other))
    plan, model = load_pair(path)
    nodes = {
        name: SimpleNamespace(name=name, roles=node.roles, site=node.site, attached=None)
        for name, node in model.nodes.items()
    }
    world: Any = MagicMock()
    timeline = Timeline(plan, nodes, world, world, world, world, seed)
    faults = timeline._faults(Moment(0.0, 0, "inject"), plan.fault_at(0))
    places = sorted((place for place, _ in faults.values()), key=lambda place: place.heal_after)
    return [*_lines(plan, model, seed, Moment(0.0, 0, "heal")), *rehearse(plan, model, seed)], places


@pytest.mark.parametrize("seed", range(10))
def test_peers_and_turns_are_foretold_as_they_will_fall(tmp_path: Path, seed: int) -> None:
    """One cast after the other from the same dice: target, peers, order of healing."""
    (_, line), (place,) = on_paper_and_for_real(tmp_path, "partition", seed, "{role: proxy}")
    by_chance = f" (by chance, seed {seed})"
    store, dns, proxy = (peer.name for peer in place.peers)
    assert line.whom == place.node.name + by_chance
    assert f"from {store}{by_chance}; {dns}; {proxy}. " in line.detail
    lines, places = on_paper_and_for_real(tmp_path, "swizzle", seed, OTHER)
    names = [place.node.name for place in places]
    assert [line.whom for line in lines if line.act == "heal"] == names
    assert sorted(line.whom for line in lines if line.act == "inject") == sorted(names)


def test_it_says_what_this_machine_would_skip(
    paper: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lack = {name: "" for name in FEATURES} | {"nftables": "no such module"}
    monkeypatch.setattr(maildrill.commands.dry, "look", lambda _, names: {name: lack[name] for name in names})
    assert cli.run(["run", str(paper), "--dry-run"]) == 4
    assert "this machine skips it: partition: no nftables: no such module" in capsys.readouterr().out


def test_more_than_the_limits_allow_is_bad_input(paper: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paper.write_text(PLAN.replace("nodes_down: 2", "nodes_down: 1"))
    assert cli.run(["run", str(paper), "--dry-run"]) == 2
    assert "paper.yaml:7:5: timeline[1]: up to 2 nodes have a fault at once" in capsys.readouterr().err


def test_every_turn_of_a_shape_has_a_line(paper: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who is healed when is drawn by lot: known with a seed only."""
    mix = "{at: 1s, fault: swizzle, target: {node: mx1}, peers: [{role: store, pick: all}], with: {every: 2s}, for: 9s}"
    head, tail = PLAN.partition("timeline:")[0], "settle: 4s\nobjectives: {lost: 0}\n"
    paper.write_text(f"{head}timeline:\n  - {mix}\n{tail}")
    for seed, order in (([], {"one of them, by lot"}), (["--seed", "3"], {"mx1", "store1", "store2"})):
        assert cli.run(["run", str(paper), "--dry-run", "--json", *seed]) == 0
        said = json.loads(capsys.readouterr().out)
        turns = [(line["at"], line["act"]) for line in said["timeline"]]
        assert turns == [(1, "inject"), (3, "inject"), (5, "inject"), (10, "heal"), (12, "heal"), (14, "heal")]
        assert {line["whom"] for line in said["timeline"] if line["act"] == "heal"} == order
