"""Scenario files: the shipped ones are right, and a mistake is reported where it stands."""

from __future__ import annotations

import re
from contextlib import nullcontext
from pathlib import Path

import pytest

from maildrill.catalogue import find_scenario, load_pair, load_scenario
from maildrill.errors import BadInput, Misfit
from maildrill.shipped import list_scenarios

GOOD = """\
scenario: one
title: One
timeline:
  - at: 0s
    fault: kill
    target: { role: mx }
    for: 10s
objectives:
  lost: 0
"""
KILL_MX = "fault: kill\n    target: { role: mx }"
HEALED = """\
scenario: one
title: One
timeline:
  - {at: 1s, name: cut, fault: FAULT, for: 4s, repeat: {times: 2, every: 10s}}
  - {at: WHEN, recover: heal, of: cut}
objectives: {lost: 0}
"""
KILL = "kill, target: {role: mx}"
SWIZZLE = "swizzle, target: {node: mx1}, peers: [{role: store, pick: all}], with: {every: 2s}"


def mistake(folder: Path, old: str, new: str) -> str:
    """What is said about GOOD with one mistake in it, without the folder's name; empty if it is accepted."""
    assert old in GOOD
    path = folder / "s.yaml"
    path.write_text(GOOD.replace(old, new))
    try:
        load_pair(path)
    except BadInput as error:
        return str(error).replace(f"{folder}/", "")
    return ""


@pytest.mark.parametrize("path", list_scenarios(), ids=lambda path: path.stem)
def test_shipped_scenario(path: Path) -> None:
    scenario, _ = load_pair(path)
    assert scenario.scenario == path.stem
    assert scenario.why
    assert path.read_text().startswith("# yaml-language-server: $schema=../../schema/scenario.json\n")


def test_good_file(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(GOOD)
    assert load_scenario(tmp_path / "s.yaml").timeline[0].duration == 10.0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("fault: kill", "fault: kil", 's.yaml:5:12: timeline[0].fault: unknown fault "kil"; did you mean "kill"?'),
        ("role: mx", "rol: mx", 's.yaml:6:15: unknown field "timeline[0].target.rol"; did you mean "role"?'),
        ("role: mx", "role: mxx", 'cluster "postfix-dovecot-ha" has no role "mxx"; did you mean "mx"?'),
        ("role: mx", "role: mx, node: mx1", "s.yaml:6:13: timeline[0].target: name either a node or a role"),
        ("for: 10s", "for: 10 parsecs", 's.yaml:7:10: timeline[0].for: expected a duration such as "10s"'),
        ("for: 10s", "for: .inf", "s.yaml:7:10: timeline[0].for: expected a finite number, found .inf"),
        ("at: 0s", "at: .nan", "s.yaml:4:9: timeline[0].at: expected a finite number, found .nan"),
        ("for: 10s", f"for: {'9' * 400}s", "s.yaml:7:10: timeline[0].for: expected a finite number"),
        ("title: One", "title: One\ntraffic: {inbound: {rate: .inf}}", "s.yaml:3:27: traffic.inbound.rate: expected a"),
        ("role: mx", "role: mx, fraction: .nan", "s.yaml:6:35: timeline[0].target.fraction: expected a finite number"),
        ("fault: kill", "fault: delay\n    with: {delay: .inf}", "s.yaml:6:19: timeline[0].with.delay: expected a fin"),
        ("role: mx", "role: mx, pick: frist", 'did you mean "first"?'),
        ("title: One\n", "", 's.yaml:1:1: field "title" is missing'),
        ("  lost: 0", "  inbound: {}", "at least one objective is needed"),
        ("lost: 0", "lost: -1", "s.yaml:9:9: objectives.lost: expected greater than or equal to 0, found -1"),
        ("fault: kill", "fault: partition", "s.yaml:4:5: timeline[0]: a partition needs peers"),
        ("title: One", "title: One\ncluster: postfix-dovecot-hb", 'did you mean "postfix-dovecot-ha"?'),
        ("  lost: 0", "  convergence: 10s", "s.yaml:9:16: objectives.convergence: nobody would look at the stores"),
        ("title: One", "title: One\ncluster: postfix-dovecot-single\nprobes: {replicas: 1s}",
         's.yaml:4:20: probes.replicas: cluster "postfix-dovecot-single" has no two stores'),
        ("title: One", "title: [One", "not valid YAML"),
        ("title: One", "title: One\ntitle: Two", "s.yaml:3:1: not valid YAML: the field \"title\" stands here twice"),
        ("lost: 0", "lost: true", "s.yaml:9:9: objectives.lost: expected a whole number, found true"),
        ("lost: 0", "rpo: false", "s.yaml:9:8: objectives.rpo: expected a number, found false"),
        ("lost: 0", "lost: 1.0", "s.yaml:9:9: objectives.lost: expected a whole number, found 1.0"),
        ("for: 10s", "for: 0s", "s.yaml:7:10: timeline[0].for: expected greater than 0"),
        ("title: One", "title: One\nbaseline: 0", "s.yaml:3:11: baseline: expected greater than 0, found 0"),
        ("title: One", "title: One\nprobes: {every: 0s}",
         "s.yaml:3:17: probes.every: expected greater than or equal to 0.005"),
        ("title: One", "title: One\nprobes: {every: 4ms}", "probes.every: expected greater than or equal to 0.005"),
        ("title: One", "title: One\nprobes: {deadline: 0}", "probes.deadline: expected greater than 0"),
        ("timeline:", "timeline:\n  - {at: 1s, recover: command, target: {role: dns}, run: rndc reload, deadline: 0s}",
         "deadline: expected greater than 0"),
        ("timeline:", "timeline:\n  - {at: 1s, recover: ask, say: x, deadline: 25h}", "deadline: expected less"),
        ("title: One", "title: One\ntraffic: {retry: {first: 0}}", "traffic.retry.first: expected greater than 0"),
        ("fault: kill", "recover: comand", "s.yaml:5:14: timeline[0].recover: expected 'heal', 'command' or 'ask',"
         ' found "comand"; did you mean "command"?'),
        ("fault: kill", "recover: 5", "s.yaml:5:14: timeline[0].recover: expected 'heal', 'command' or 'ask', found 5"),
        ("{ role: mx }", "mx1", 's.yaml:6:13: timeline[0].target: expected a mapping of fields, found "mx1"'),
        ("\n  lost: 0\n", "", "s.yaml:8:1: objectives: expected a mapping of fields, found nothing"),
        ("timeline:", "timeline: []\nx:", "s.yaml:3:11: timeline: expected at least 1 entry, found an empty list"),
        ("title: One", "title: One\n5: five", "s.yaml:3:1: [5]: expected text as the name of a field, found 5"),
        ("title: One", "title: One\n? [a]\n: b", "s.yaml:3:3: not valid YAML: the name of a field is text"),
        ("title: One", "title: One\ntrue: 5", "s.yaml:3:1: not valid YAML: the name of a field is text (in quotes"),
        ("title: One", "title: 2024", "s.yaml:2:8: title: expected text, found 2024; in quotes it is text"),
        ("title: One", "title: !x One", "s.yaml:2:8: not valid YAML: the tag !x means nothing here"),
        ("scenario: one", "scenario: One", 's.yaml:1:11: scenario: expected lower-case letters, digits and hyphens,'),
        ("  lost: 0", "  fairness: {}", "objectives.fairness: expected at least 1 field, found an empty mapping"),
        ("title: One", "title: One\ntraffic: {inbound: {rate: 1e12}}", "traffic.inbound.rate: expected less than or"),
        ("title: One", "title: One\ntraffic: {inbound: {size: 999999999999}}", "traffic.inbound.size: expected less"),
        ("fault: kill", "fault: mail-flood\n    with: {rate: 1e12}", "timeline[0].with.rate: expected less than or "),
        ("title: One", "title: One\nprobes: {every: 10h}", "s.yaml:3:17: probes.every: expected less than or equal to"),
        ("title: One", "title: One\nprobes: {services: [inbound, inbound]}", 'each only once ("inbound" is there tw'),
        ("at: 0s", "at: 10000h", "s.yaml:4:3: timeline: the drill would take 10000 hours; 24 are the most"),
        ("scenario: one", f"scenario: {'x' * 300}", "s.yaml:1:11: scenario: expected"),
        ("title: One", 'title: "\\e[31mOne"', "s.yaml:2:8: title: expected text without control characters"),
        ("role: mx", "role: outside", "s.yaml:6:13: timeline[0].target: outside sends the mail and measures, so no"),
        ("role: mx", "node: outside", "timeline[0].target: outside sends the mail"),
        ("fault: kill", "fault: bridge\n    peers: [{role: outside}, {role: store, pick: all}, {role: proxy}]",
         "outside sends the mail"),
        ("fault: kill", "fault: volume-wiped\n    with: {volume: quue}", 'has no volume "quue" (did you mean "queue'),
        (KILL_MX, "fault: volume-wiped\n    target: { role: proxy }",
         "proxy (haproxy) keeps nothing on a volume, so no volume-wiped is possible there"),
        (KILL_MX, "fault: volume-loss\n    target: { role: dns }", "keeps nothing on a volume"),
        (KILL_MX, "fault: ransomware\n    target: { role: dns }", "keeps nothing on a volume"),
        ("fault: kill", "fault: imap-reconnect-storm", "mx1 (postfix) serves no imaps or imap, so no imap-reconnect"),
        ("fault: kill", "fault: mass-deletion", "mx1 (postfix) serves no imaps or imap"),
        (KILL_MX, "fault: mail-flood\n    target: { role: store }", "serves no smtp"),
        (KILL_MX, "fault: connection-flood\n    target: { role: store }", ""),
        ("fault: kill", "fault: slow-trickle\n    with: {port: 99}", "serves no port 99 (it serves 25: smtp), so no"),
        (KILL_MX, "fault: cut-during-data\n    with: {port: 993}\n    target: { role: store }",
         "serves no port 993, which is smtp or lmtp (it serves 143: imap, 993: imaps, 24: lmtp)"),
        ("fault: kill", "fault: port-blocked\n    with: {port: 25}\n    peers: [{role: outside}]", ""),
        ("fault: kill", "fault: port-blocked\n    with: {port: 2525}",
         's.yaml:6:18: timeline[0].with.port: cluster "postfix-dovecot-ha": mx1 (postfix) has no port 2525 '
         "(it has 25), so no port-blocked is possible there"),
        ("fault: kill", "fault: delay\n    with: {port: 2525}", "timeline[0].with.port: cluster"),
        ("fault: kill", "fault: dependency-slow\n    with: {port: 2525}", "mx1 (postfix) has no port 2525 (it has 25)"),
        ("fault: kill", "fault: connection-flood\n    with: {port: 2525}", "timeline[0].with.port: cluster"),
        ("fault: kill", "fault: freeze-daemon\n    with: {process: qmgr, port: 465}",
         "mx1 (postfix) has no port 465 at which a drill looks (it looks at 25), so no freeze-daemon"),
        ("fault: kill", "fault: delay", ""),
        ("fault: kill", "fault: connection-flood", ""),
        (KILL_MX, "fault: port-blocked\n    with: {port: 4177}\n    target: { role: store }", ""),
        (KILL_MX, "fault: delay\n    with: {port: 12345}\n    target: { role: proxy }", ""),
        ("lost: 0", "lost: 0\ntells_apart: [{cluster: defects/no-health-check, diagnostic: OBJECTIV_MISED}]",
         'tells_apart[0].diagnostic: no diagnostic of a failed drill "OBJECTIV_MISED"; did you mean "OBJECTIVE_MISS'),
        ("lost: 0", "lost: 0\ntells_apart: [{cluster: defects/no-health-check, diagnostic: HEAL_FAILED}]", ""),
    ],
)  # fmt: skip
def test_mistake_is_shown_where_it_stands(tmp_path: Path, old: str, new: str, said: str) -> None:
    answer = mistake(tmp_path, old, new)
    assert said in answer
    assert bool(said) == bool(answer)


@pytest.mark.parametrize(
    ("fault", "when", "said"),
    [
        (KILL, "2s", ""),
        (KILL, "12s", ""),
        (KILL, "5s", 's.yaml:5:10: timeline[1].at: "cut" is healed by then: its "for" ends at 15 s'),
        (KILL, "900s", "is healed by then"),
        (SWIZZLE, "18.5s", ""),
        (SWIZZLE, "19s", 'its "for" ends at 19 s'),
    ],
)
def test_what_is_healed_already_is_not_healed_again(tmp_path: Path, fault: str, when: str, said: str) -> None:
    """A shape is healed turn by turn, which takes longer than its ``for``."""
    (tmp_path / "s.yaml").write_text(HEALED.replace("FAULT", fault).replace("WHEN", when))
    with pytest.raises(BadInput, match=re.escape(said)) if said else nullcontext():
        load_pair(tmp_path / "s.yaml")


def test_every_mistake_is_reported_at_once(tmp_path: Path) -> None:
    said = mistake(tmp_path, "title: One\n", "titel: One\nzzz: 1\n")
    assert 'did you mean "title"?' in said
    assert 'unknown field "zzz"; known:' in said


def test_scenario_names() -> None:
    assert find_scenario("mx-kill") == find_scenario("redundancy/mx-kill")
    with pytest.raises(BadInput, match='did you mean "mx-kill"'):
        find_scenario("mx-kil")
    with pytest.raises(BadInput, match="no such file"):
        find_scenario("nowhere.yaml")


@pytest.mark.parametrize(
    ("scenario", "fits", "not_this", "why"),
    [
        ("deferred-herd", "opensmtpd-dovecot", "courier", "mail1 (courier) has no queue in which mail"),
    ],
)
def test_a_fault_that_a_server_cannot_have_is_said_before_the_start(
    scenario: str, fits: str, not_this: str, why: str
) -> None:
    load_pair(find_scenario(scenario), fits)
    with pytest.raises(Misfit, match=re.escape(why)):
        load_pair(find_scenario(scenario), not_this)


def test_a_node_without_a_certificate_cannot_show_a_wrong_one(tmp_path: Path) -> None:
    said = mistake(tmp_path, "kill\n    target: { role: mx }", "certificate-expired\n    target: { role: dns }")
    assert "s.yaml:6:13: timeline[0].target: " in said
    assert "dns (bind) has no certificate that can be changed while it runs" in said
