"""The pytest plugin: one item for each scenario file, and what each verdict becomes."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import pytest

import maildrill.compare.conclude  # noqa: F401  its charts need a binary module that a process can load only once
from maildrill.shipped import data_dir, list_scenarios

pytest_plugins = ["pytester"]
DRILLS = """
import pytest
pytestmark = pytest.mark.scenarios("{topic}")

def test_it(drill):
    drill.require()
"""
SCENARIO = (data_dir() / "scenarios/redundancy/mx-kill.yaml").read_text()
FAKE = """
import pytest
from types import SimpleNamespace as Some

@pytest.fixture(autouse=True)
def fake(monkeypatch):
    import maildrill.plugin
    diagnostic = Some(code="OBJECTIVE_MISSED", message="inbound RTO 5 s missed by 4.2 s", about="inbound")
    result = Some(verdict="{verdict}", scenario="mx-kill", cluster="c", diagnostics=[diagnostic])
    from pathlib import Path
    monkeypatch.setattr(maildrill.plugin, "_run", lambda config, path: Some(folder=Path("there"), result=result))
    monkeypatch.setattr(maildrill.plugin, "_record", lambda outcome, record: record("lost", 0))
"""


def write(
    pytester: pytest.Pytester, topic: str = "redundancy", scenario: str = SCENARIO, at: str = "redundancy"
) -> None:
    """A drill module, and one scenario file below own/."""
    pytester.makepyfile(test_drills=DRILLS.format(topic=topic))
    folder = pytester.path / "own" / at
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text(scenario)


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run pytest there; where maildrill is not installed, and so has no entry point, load it by name."""
    installed = any(point.value == "maildrill.plugin" for point in entry_points(group="pytest11"))
    return pytester.runpytest("-p", "no:cacheprovider", *([] if installed else ["-p", "maildrill.plugin"]), *arguments)


def test_shipped_topic(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_drills=DRILLS.format(topic="redundancy"))
    result = run(pytester, "--collect-only", "-q")
    result.stdout.fnmatch_lines(["*test_it?mx-freeze?", "*test_it?mx-kill?"])


@pytest.mark.parametrize("topic", ["redundancy", "."])
def test_own_folder(pytester: pytest.Pytester, topic: str) -> None:
    write(pytester, topic, at=topic)
    result = run(pytester, "--collect-only", "-q", "--scenarios", "own")
    result.stdout.fnmatch_lines(["*test_it?mx-kill?", "1 test collected*"])


def test_empty_topic_is_deselected(pytester: pytest.Pytester) -> None:
    write(pytester, "partition")
    result = run(pytester, "--scenarios", "own")
    result.assert_outcomes(deselected=1)


def test_bad_scenario_is_a_collection_error_without_traceback(pytester: pytest.Pytester) -> None:
    write(pytester, scenario=SCENARIO.replace("fault: kill", "fault: kil"))
    result = run(pytester, "--scenarios", "own")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(['*mine.yaml:*: timeline?0?.fault: unknown fault "kil"; did you mean "kill"?'])
    result.stdout.no_fnmatch_line("*plugin.py*")


def test_unknown_cluster_is_a_collection_error(pytester: pytest.Pytester) -> None:
    write(pytester)
    result = run(pytester, "--cluster", "postfix-dovecot-hb")
    result.stdout.fnmatch_lines(['*unknown cluster "postfix-dovecot-hb"; did you mean "postfix-dovecot-ha"?'])


def test_a_scenario_that_does_not_fit_the_cluster_asked_for_is_skipped(pytester: pytest.Pytester) -> None:
    write(pytester, scenario=SCENARIO.replace("role: mx", "role: proxy"))
    result = run(pytester, "--scenarios", "own", "-rs", "--cluster", "postfix-dovecot-single")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(['*mine.yaml:*cluster "postfix-dovecot-single" has no role "proxy"*'])


def test_a_scenario_that_does_not_fit_its_own_cluster_is_a_collection_error(pytester: pytest.Pytester) -> None:
    write(pytester, scenario=SCENARIO.replace("role: mx", "role: proxi"))
    run(pytester, "--scenarios", "own").assert_outcomes(errors=1)


def test_missing_marker(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(drill): pass")
    run(pytester).stdout.fnmatch_lines(["*the drill fixture needs @pytest.mark.scenarios*"])


@pytest.mark.parametrize(
    ("verdict", "outcomes", "said"),
    [
        ("pass", {"passed": 1}, []),
        ("fail", {"failed": 1}, ["*inbound RTO 5 s missed by 4.2 s", "report: there/report.html"]),
        ("inconclusive", {"errors": 1}, ["*OBJECTIVE_MISSED: inbound RTO*", "report: there/report.html"]),
    ],
)
def test_verdicts(pytester: pytest.Pytester, verdict: str, outcomes: dict[str, int], said: list[str]) -> None:
    write(pytester)
    pytester.makeconftest(FAKE.format(verdict=verdict))
    result = run(pytester, "--scenarios", "own", "--junit-xml", "junit.xml")
    result.assert_outcomes(**outcomes)
    if said:
        result.stdout.fnmatch_lines(said)
    assert '<property name="lost" value="0"' in Path("junit.xml").read_text()


DEFECTS = """
import pytest
pytestmark = pytest.mark.scenarios("redundancy")

def test_defect(defect):
    defect.require_seen()

def test_twin(twin):
    twin.require()
"""
TELLS_APART = SCENARIO + "tells_apart:\n  - { cluster: postfix-dovecot-single, about: inbound }\n"


def test_one_item_for_each_defect(pytester: pytest.Pytester) -> None:
    write(pytester, scenario=TELLS_APART)
    pytester.makepyfile(test_drills=DEFECTS)
    result = run(pytester, "--collect-only", "-q", "--scenarios", "own")
    names = ["*test_defect?mx-kill-postfix-dovecot-single?", "*test_twin?mx-kill?", "2 tests collected*"]
    result.stdout.fnmatch_lines(names)
    none = run(pytester, "--collect-only", "-q")
    none.stdout.fnmatch_lines(["*deselected*"])


@pytest.mark.parametrize(
    ("verdict", "outcomes"),
    [("pass", {"failed": 1, "passed": 1}), ("fail", {"failed": 1, "passed": 1}), ("inconclusive", {"errors": 2})],
)
def test_verdicts_on_a_defect(pytester: pytest.Pytester, verdict: str, outcomes: dict[str, int]) -> None:
    write(pytester, scenario=TELLS_APART)
    pytester.makepyfile(test_drills=DEFECTS)
    pytester.makeconftest(FAKE.format(verdict=verdict))
    result = run(pytester, "--scenarios", "own")
    result.assert_outcomes(**outcomes)
    red = {"pass": "test_defect", "fail": "test_twin"}.get(verdict, "test_")
    result.stdout.fnmatch_lines([f"*{red}*mx-kill*"])


def test_several_clusters_and_repeats_are_in_the_ids(pytester: pytest.Pytester) -> None:
    write(pytester)
    several = ["--cluster", "postfix-dovecot-ha", "--cluster", "postfix-dovecot-single"]
    result = run(pytester, "--collect-only", "-q", "--scenarios", "own", *several, "--repeat", "2")
    names = ["ha-r1", "single-r1", "ha-r2", "single-r2"]
    result.stdout.fnmatch_lines_random([f"*test_it?mx-kill-postfix-dovecot-{name}?" for name in names])
    result.stdout.fnmatch_lines(["4 tests collected*"])
    one = run(pytester, "--collect-only", "-q", "--scenarios", "own", *several[:2])
    one.stdout.fnmatch_lines(["*test_it?mx-kill?", "1 test collected*"])


SEEDS = """
import pytest

@pytest.fixture(autouse=True)
def fake(monkeypatch):
    import maildrill.drill.run
    import maildrill.errors

    def run_drill(scenario, model, *, seed, **_):
        raise maildrill.errors.EnvironmentProblem(f"seed of {model.cluster} is {seed}")

    monkeypatch.setattr(maildrill.drill.run, "run_drill", run_drill)
"""


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "xdist"])
def test_a_repeat_has_the_same_seed_on_every_cluster(pytester: pytest.Pytester, workers: list[str]) -> None:
    write(pytester)
    pytester.makeconftest(SEEDS)
    several = ["--cluster", "postfix-dovecot-ha", "--cluster", "postfix-dovecot-single", "--repeat", "2"]
    result = run(pytester, "--scenarios", "own", *several, *workers)
    said = dict.fromkeys(line.strip() for line in result.outlines if line.startswith(("seed of", "E   seed of")))
    seeds = [line.rpartition(" ")[2] for line in said]
    assert len(seeds) == 4
    assert sorted(seeds.count(one) for one in set(seeds)) == [2, 2]


def test_a_repeat_below_one_is_a_collection_error(pytester: pytest.Pytester) -> None:
    write(pytester)
    run(pytester, "--scenarios", "own", "--repeat", "0").stdout.fnmatch_lines(["*--repeat 0: at least 1*"])


@pytest.mark.parametrize(
    ("asked", "runs"),
    [
        ([], ["mx-kill"]),
        (["-k", "kill"], ["mx-kill"]),
        (["-k", "mx-kill"], ["mx-kill", "mx-kill-forever"]),
        (["-k", "mx-kill-f"], ["mx-kill-forever"]),
        (["-k", "not mx-kill-forever"], ["mx-kill"]),
        (["-k", "test_it or nothing"], ["mx-kill"]),
        (["-m", "extended"], ["mx-kill-forever"]),
        (["test_drills.py::test_it[mx-kill-forever]"], ["mx-kill-forever"]),
    ],
    ids=["plain", "part-of-name", "begin-of-both", "name", "not", "other-words", "mark", "id"],
)
def test_what_is_left_out_runs_when_asked_for(pytester: pytest.Pytester, asked: list[str], runs: list[str]) -> None:
    """A drill by name, but never its twin and defects, which are many."""
    write(pytester)
    slow = TELLS_APART.replace("scenario: mx-kill", "scenario: mx-kill-forever").replace(
        "tags: [redundancy]", "tags: [extended]"
    )
    (pytester.path / "own/redundancy/slow.yaml").write_text(slow)
    pytester.makepyfile(
        test_defects=DEFECTS.replace("redundancy", ".") + "pytestmark = [pytestmark, pytest.mark.defects]"
    )
    pytester.makeini("[pytest]\nmaildrill_left_out = defects extended\nmarkers =\n  defects: d\n  extended: e")
    result = run(pytester, "--collect-only", "-q", "--scenarios", "own", *asked)
    assert [line for line in result.outlines if "::" in line] == [f"test_drills.py::test_it[{name}]" for name in runs]


def test_every_scenario_below_a_folder_is_run_once(pytester: pytest.Pytester) -> None:
    """Wherever it stands; a cluster file beside it is none, and one that cannot be read is an error."""
    write(pytester)
    pytester.makepyfile(test_others=DRILLS.format(topic="*"))
    own = pytester.path / "own"
    for place in (".", "redundancy/more", "defects", "deep/er"):
        (own / place).mkdir(parents=True, exist_ok=True)
        name = f"in-{place.replace('/', '-').strip('.')}"
        (own / place / "s.yaml").write_text(SCENARIO.replace("scenario: mx-kill", f"scenario: {name}x"))
    (own / "mine.yaml").write_text("extends: postfix-dovecot-ha\ncluster: mine\n")
    result = run(pytester, "--collect-only", "-q", "--scenarios", "own")
    found = sorted(line for line in result.outlines if "::" in line)
    names = ("in-deep-erx", "in-defectsx", "in-redundancy-morex", "in-x")
    assert found == ["test_drills.py::test_it[mx-kill]", *(f"test_others.py::test_it[{name}]" for name in names)]
    (own / "broken.yaml").write_text("scenario: [s")
    run(pytester, "--collect-only", "--scenarios", "own").stdout.fnmatch_lines(["*broken.yaml:*not valid YAML*"])


def test_the_shipped_drills_leave_nothing_over(pytester: pytest.Pytester) -> None:
    """Every shipped topic has its module, so that without --scenarios there is no rest."""
    drills = data_dir() / "drills"
    claimed = {path.stem.removeprefix("test_") for path in drills.glob("test_*.py")}
    assert {path.parent.name for path in list_scenarios()} <= claimed
    pytester.makepyfile(test_others=DRILLS.format(topic="*"))
    run(pytester).assert_outcomes(deselected=1)
