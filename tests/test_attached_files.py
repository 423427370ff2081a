"""The file of an attached system: what it may say, what is refused before anything starts, and where that stands."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
import trustme
from staging import CLUSTER, four_nodes, model_of, pair, write

import maildrill.commands.dry
from maildrill import cli
from maildrill.catalogue import load_pair
from maildrill.cluster.attached import AttachedCluster
from maildrill.cluster.clusterfile import load_any_cluster, load_cluster
from maildrill.cluster.node import RunningNode
from maildrill.cluster.up import RunningCluster
from maildrill.commands.up import write_attached
from maildrill.drill.beside import not_measured
from maildrill.drill.person import check_somebody_is_there
from maildrill.errors import BadInput, Skipped
from maildrill.faults import KINDS
from maildrill.permission import asked_of_people
from maildrill.shipped import data_dir


def refused(folder: Path, **files: str) -> str:
    """What is said about a pair of files that do not go together."""
    scenario, cluster = write(folder, **files)
    with pytest.raises(BadInput) as error:
        load_pair(scenario, str(cluster))
    return str(error.value)


def test_an_allowed_fault_is_accepted(tmp_path: Path) -> None:
    scenario, cluster = write(tmp_path)
    _, model = load_pair(scenario, str(cluster))
    assert isinstance(model, AttachedCluster)


def test_a_fault_that_is_not_allowed_is_refused_with_both_places(tmp_path: Path) -> None:
    said = refused(tmp_path, fault="stop")
    assert f"{tmp_path / 'one.yaml'}:4:21" in said
    assert f"{tmp_path / 'staging.yaml'}:15:7 allows kill, freeze" in said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "timeline:",
            "timeline:\n  - {at: 1s, recover: command, target: {role: mx}, run: reboot}",
            "allows rndc reload",
        ),
        ("{role: mx}", "{role: mx, holds: user1}", "not looked into"),
        ("{lost: 0}", "{outbound: {rto: 5s}}", "outbound mail is not read"),
        ("{lost: 0}", "{fairness: {imaps: 0.9}}", "objectives.fairness: .*proxies are not looked into"),
        ("objectives:", "stop: [{run: 'true', target: {role: mx}}]\nobjectives:", "no command is run"),
    ],
)
def test_what_cannot_be_done_to_a_system_that_is_not_ours(tmp_path: Path, old: str, new: str, said: str) -> None:
    scenario, cluster = write(tmp_path)
    scenario.write_text(scenario.read_text().replace(old, new))
    with pytest.raises(BadInput, match=said):
        load_pair(scenario, str(cluster))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{run: echo off}", "{run: echo off, ask: somebody}", "staging.yaml:16:17: .*exactly one of run, http, ask"),
        ("drill2@example.test", "drill2@elsewhere.test", "staging.yaml:8:.*not in the domain"),
        ("roles: [mx]", "roles: [mx]\n    site: north", "no site"),
        ("attached: true", "attached: false", "attached"),
        ("domain: example.test", "domain: example.test\nca: none.pem", "staging.yaml:4:.*cannot be read"),
        (
            "domain: example.test",
            "domain: example.test\nca: staging.yaml",
            "staging.yaml:4:5: ca: no certificate in PEM",
        ),
        ("domain: example.test", "domain: example.test\nresolver: ns1", "resolver: expected an IP address such as"),
        ("domain: example.test", "domain: example.test\nresolver: ::1", ""),
        (
            "domain: example.test",
            "domain: example.test\noutside_domain: Example.test",
            "strangers' domain is the system's",
        ),
        ("drill2@example.test", "Drill1@example.test", "staging.yaml:8:.*the same account twice"),
        ("host: mx1.example.test", "host: ''", "nodes.mx1.host: expected the name or the address of a host"),
        ("host: smtp.example.test", "host: 'smtp example'", "submission.host: expected the name or the address"),
        ("host: mx1.example.test", "host: mail_mx_1", ""),
        ("{run: echo off}", "{run: ' '}", "inject.run: expected some text"),
        (
            "{run: echo off}",
            "{run: echo off, deadline: 9999h}",
            "inject.deadline: expected less than or",
        ),
        ('"Bearer ${POWER_TOKEN}"', '"Bearer ${POWER_TOKEN}\\n"', "http.headers: expected a value on one line"),
        ('"Bearer ${POWER_TOKEN}"', '"☠ ${POWER_TOKEN}"', "http.headers: expected a value on one line"),
        ("{Authorization:", "{'Authorization:':", "http.headers: expected names of headers without spaces"),
        ("domain: example.test", "domain: example.test\nvantage: {address: 10.0.0.9}", "no fixed addresses"),
    ],
)
def test_mistakes_in_the_file_are_said_with_their_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = str(write(tmp_path, cluster=CLUSTER.replace(old, new))[1])
    with pytest.raises(BadInput, match=said) if said else nullcontext():
        load_any_cluster(path)


def test_where_a_cluster_must_be_started_an_attached_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="runs already"):
        load_cluster(str(write(tmp_path)[1]))


def test_every_missing_variable_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything starts: no folder, no engine."""
    monkeypatch.setenv("DRILL_TWO", "there")
    scenario, cluster = write(tmp_path)
    code = cli.run(["run", str(scenario), "--cluster", str(cluster), "--reports", str(tmp_path / "reports")])
    assert code == 2
    assert "DRILL_ONE, POWER_TOKEN" in capsys.readouterr().err
    assert not (tmp_path / "reports").exists()


def test_a_hook_that_asks_a_person_needs_a_terminal(tmp_path: Path) -> None:
    scenario, model = pair(tmp_path, fault="freeze")
    assert isinstance(model, AttachedCluster)
    with pytest.raises(Skipped, match=r"unplug mx1.*no terminal"):
        check_somebody_is_there(scenario, asked_of_people(scenario, model))
    other, _ = pair(tmp_path, fault="kill")
    check_somebody_is_there(other, asked_of_people(other, model))


def test_the_file_that_up_writes_can_be_attached_to_and_holds_no_password(tmp_path: Path) -> None:
    model, accounts = load_cluster("postfix-dovecot-single"), [("user1@example.test", "pass-one")]
    containers = {name: SimpleNamespace(name=f"maildrill-ab12-{name}") for name in model.nodes}
    nodes = {
        name: RunningNode(name, node.roles, None, containers[name], "10.0.0.9", [], {}, [(25, "smtp")])
        for name, node in model.nodes.items()
    }
    authority = trustme.CA().cert_pem.bytes().decode()
    running = RunningCluster(
        model, "ab12", {"lan": "maildrill-ab12-lan"}, nodes, accounts, authority, "10.0.0.2", "mail.example.test",
        None, nodes["outside"], None,
    )  # fmt: skip
    file = tmp_path / "attached.yaml"
    write_attached(running, {"user1@example.test": ("MAILDRILL_PASSWORD_1", "pass-one")}, file)
    attached = load_any_cluster(str(file))
    assert isinstance(attached, AttachedCluster)
    assert set(attached.nodes) == set(model.nodes) - {"outside"}
    assert attached.nodes["mail1"].allow["kill"].inject.run == "docker kill maildrill-ab12-mail1"
    assert attached.ca_pem(default="") == authority
    assert attached.accounts[0].password_env == "MAILDRILL_PASSWORD_1"
    assert not [path for path in tmp_path.iterdir() if "pass-one" in path.read_text()]


def test_the_example_is_a_valid_file() -> None:
    model = load_any_cluster(str(data_dir() / "fixtures" / "clusters" / "examples" / "attached.yaml"))
    assert isinstance(model, AttachedCluster)
    assert {kind for node in model.nodes.values() for kind in node.allow} <= set(KINDS)


def test_a_file_cannot_allow_a_fault_that_is_none(tmp_path: Path) -> None:
    said = refused(tmp_path, cluster=CLUSTER.replace("      freeze:", "      freese:"))
    assert f"{tmp_path / 'staging.yaml'}:19:" in said
    assert 'did you mean "freeze"' in said


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which an engine answers."""
    monkeypatch.setattr(maildrill.commands.dry, "connect", lambda: None)


@pytest.mark.usefixtures("engine")
def test_a_drill_on_an_attached_system_can_be_had_on_paper(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scenario, cluster = write(tmp_path)
    assert cli.run(["run", str(scenario), "--cluster", str(cluster), "--dry-run"]) == 0
    assert "one on staging" in capsys.readouterr().out


SHAPES = {
    "ring": "target: {node: mx1}, peers: [{node: mx2}, {node: mx3}, {node: mx4}]",
    "bridge": "target: {node: mx1}, peers: [{node: mx2}, {node: mx3}, {node: mx4}]",
    "swizzle": "target: {node: mx1}, peers: [{node: mx2}, {node: mx4}]",
}


def shaped(folder: Path, kind: str, who: str, lacks: tuple[str, ...] = ()) -> tuple[Path, Path]:
    """A scenario with a shape over several nodes, on four nodes, of which some do not allow it."""
    scenario, cluster = write(folder, fault=kind, cluster=four_nodes(kind))
    scenario.write_text(scenario.read_text().replace("target: {role: mx}", who))
    text = cluster.read_text()
    for name in lacks:
        before, head, after = text.partition(f"  {name}:\n")
        text = before + head + after.replace(f"      {kind}:", "      stop:", 1)
    cluster.write_text(text)
    return scenario, cluster


@pytest.mark.parametrize(
    ("kind", "lacks", "refused_for"),
    [
        ("ring", (), ""),
        ("ring", ("mx2",), "mx2"),
        ("ring", ("mx4",), ""),  # it is listed last: the cuts are on the others
        ("bridge", ("mx1", "mx3"), ""),  # the target reaches both halves; the other half is only a peer
        ("bridge", ("mx4",), "mx4"),
        ("swizzle", ("mx3",), ""),  # it is no member
        ("swizzle", ("mx4",), "mx4"),
    ],
)
def test_a_peer_that_is_hit_too_must_allow_it(
    tmp_path: Path, kind: str, lacks: tuple[str, ...], refused_for: str
) -> None:
    scenario, cluster = shaped(tmp_path, kind, SHAPES[kind], lacks)
    if refused_for:
        with pytest.raises(BadInput, match=f"does not allow {kind} on {refused_for}"):
            load_pair(scenario, str(cluster))
    else:
        load_pair(scenario, str(cluster))


def test_where_chance_decides_every_peer_must_allow_it(tmp_path: Path) -> None:
    who = "target: {node: mx1}, peers: [{role: mx, fraction: 0.75}]"
    scenario, cluster = shaped(tmp_path, "bridge", who)
    load_pair(scenario, str(cluster))
    shaped(tmp_path, "bridge", who, ("mx3",))
    with pytest.raises(BadInput, match="does not allow bridge on mx3"):
        load_pair(scenario, str(cluster))


def test_a_shape_that_has_too_few_nodes_is_refused_with_its_place(tmp_path: Path) -> None:
    scenario, cluster = shaped(tmp_path, "ring", "target: {node: mx1}, peers: [{node: mx2}]")
    with pytest.raises(BadInput, match=r"one.yaml:4:21: timeline\[0\].fault: a ring needs at least 4 nodes"):
        load_pair(scenario, str(cluster))


def test_what_cannot_be_seen_of_it_is_listed(tmp_path: Path) -> None:
    found = [text.partition(":")[0] for text in not_measured(model_of(tmp_path))]
    assert found == ["queues", "logs", "versions", "balance", "outbound"]


@pytest.mark.usefixtures("engine")
def test_the_dry_run_prints_what_the_owner_will_have_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not what maildrill would do to a container of its own; and no secrets."""
    monkeypatch.setenv("DRILL_ONE", "pass-one")
    described = CLUSTER.replace("echo off", "off --token pass-one https://me:word@power.test/mx1")
    scenario, cluster = write(tmp_path, cluster=described)
    text = scenario.read_text().replace(
        "timeline:", "timeline:\n  - {at: 1s, recover: command, target: {role: mx}, run: rndc reload}"
    )
    scenario.write_text(text.replace("objectives:", "  - {at: 9s, fault: freeze, target: {node: mx1}}\nobjectives:"))
    assert cli.run(["run", str(scenario), "--cluster", str(cluster), "--dry-run"]) == 0
    shown = capsys.readouterr().out
    for said in (
        "mx1: off --token *** https://***@power.test/mx1\n",
        "mx1: POST https://power.test/mx1/on\n",
        "mx1: a person: unplug mx1\n",
        "rndc reload, done by mx1: ssh dns1 rndc reload\n",
    ):
        assert said in shown, said
    assert "container" not in shown
