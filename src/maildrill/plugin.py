"""The pytest plugin: each scenario file is one test item, and a missed objective is a red test.

A drill module names a folder of scenarios and asks for the ``drill`` fixture::

    pytestmark = pytest.mark.scenarios("failover")

    def test_failover(drill):
        drill.require()

With ``--scenarios DIR`` a topic is a folder in DIR; "*" stands for every scenario below DIR that is in no shipped
topic.

A test that asks for ``defect`` gets one item for each defect that a scenario of the folder, or of a folder in it,
``tells_apart``: the drill, run on the cluster with the defect in it. One that asks for ``twin`` gets each of these
scenarios once, on its own, clean cluster.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from maildrill.errors import BadInput, MaildrillError, Skipped
from maildrill.leftout import add_ini, is_left_out
from maildrill.planned import PLANS, Planned, is_comparison

if TYPE_CHECKING:
    from maildrill.compared import Compared
    from maildrill.drill.run import Outcome
    from maildrill.scenario.model import Defect

MARKER = "scenarios"
NOTHING = "no-scenarios"
COMPARED: pytest.StashKey[Compared] = pytest.StashKey()


@dataclass(frozen=True)
class DrillRun:
    """A drill that ran and was conclusive."""

    outcome: Outcome

    def require(self) -> None:
        """Fail the test, naming what was missed and by how much, unless every objective was met."""
        __tracebackhide__ = True
        if self.outcome.result.verdict != "pass":
            pytest.fail(failure(self.outcome), pytrace=False)


@dataclass(frozen=True)
class DefectRun:
    """A drill that ran on a cluster with a defect, and was conclusive."""

    outcome: Outcome
    defect: Defect

    def require_seen(self) -> None:
        """Fail the test unless the drill failed, with the diagnostic that the scenario names."""
        __tracebackhide__ = True
        found = [(one.code, one.about) for one in self.outcome.result.diagnostics]
        wanted = (self.defect.diagnostic, self.defect.about)
        named = wanted in found or (not self.defect.about and wanted[0] in {code for code, _ in found})
        if self.outcome.result.verdict != "fail" or not named:
            pytest.fail(unseen(self.outcome, self.defect), pytrace=False)


def unseen(outcome: Outcome, defect: Defect) -> str:
    """What a drill says that did not see the defect."""
    lines = [f"{outcome.result.scenario}: the verdict on {outcome.result.cluster} is {outcome.result.verdict}"]
    lines += [f"expected: fail, with {defect.diagnostic}" + (f" about {defect.about}" if defect.about else "")]
    lines += [f"  {one.code}: {one.message}" for one in outcome.result.diagnostics]
    return "\n".join([*lines, f"report: {outcome.folder / 'report.html'}"])


def failure(outcome: Outcome) -> str:
    """What a red drill says."""
    missed = [one.message for one in outcome.result.diagnostics if one.code == "OBJECTIVE_MISSED"]
    report = outcome.folder / "report.html"
    lines = [f"{outcome.result.scenario}: objectives missed", *(f"  {one}" for one in missed), f"report: {report}"]
    return "\n".join(lines)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; if another plugin has taken a short name, only the --maildrill-* one remains."""
    add_ini(parser)
    group = parser.getgroup("maildrill", "disaster drills for mail clusters")
    _add(
        group,
        "cluster",
        action="append",
        help="run every scenario on this cluster (name or file) instead of its own;"
        " give it several times to run on each, and to compare them",
    )
    _add(group, "repeat", type=int, default=1, metavar="N", help="run every drill N times, and compare (default: 1)")
    _add(group, "scenarios", metavar="DIR", help="take scenario files from DIR instead of the shipped ones")
    _add(group, "reports", metavar="DIR", default="reports", help="folder for the drills' evidence (default: reports)")
    _add(
        group,
        "seed",
        type=int,
        help="seed of all random choices (default: a new one each drill); with --repeat or several clusters, of"
        " the order too, and each repeat of a scenario has a seed of its own, the same on every cluster",
    )


def _add(group: Any, name: str, **how: Any) -> None:
    dest = f"maildrill_{name}"
    try:
        group.addoption(f"--{name}", f"--maildrill-{name}", dest=dest, **how)
    except ValueError:
        group.addoption(f"--maildrill-{name}", dest=dest, **how)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and the comparison that the session is if it has several clusters or repeats."""
    if is_comparison(config):
        from maildrill.compared import Compared

        config.stash[COMPARED] = Compared.of(config)
        config.pluginmanager.register(config.stash[COMPARED])
    config.addinivalue_line("markers", f"{MARKER}(topic): run the scenario files of this folder, one item each")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One item for each scenario file of the module's topic, or each defect. A bad file is a collection error."""
    fixture = next((name for name in PLANS if name in metafunc.fixturenames), None)
    if fixture is None:
        return
    marker = metafunc.definition.get_closest_marker(MARKER)
    if marker is None or len(marker.args) != 1:
        raise pytest.Collector.CollectError(f'the {fixture} fixture needs @pytest.mark.{MARKER}("topic")')
    try:
        plans = PLANS[fixture](metafunc.config, marker.args[0])
        marks = _marks if fixture == "drill" else lambda config, one: []
        params = [pytest.param(one, id=name, marks=marks(metafunc.config, one)) for one, name in plans]
    except BadInput as error:
        raise pytest.Collector.CollectError(f"bad scenario:\n{error}") from None
    metafunc.parametrize(fixture, params or [pytest.param(None, id=NOTHING)], indirect=True)


def _marks(config: pytest.Config, one: Planned) -> list[pytest.MarkDecorator]:
    """A scenario's tags, so that -m can choose by them; and a skip, if it does not fit the cluster asked for."""
    from maildrill.catalogue import load_scenario

    tags = load_scenario(one.path).tags
    for tag in tags:
        config.addinivalue_line("markers", f"{tag}: scenarios with this tag")
    skip = [pytest.mark.skip(reason=one.misfit)] if one.misfit else []
    return [*(getattr(pytest.mark, tag) for tag in tags), *skip]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what is left out unless asked for; and a topic without scenarios: it is not a test that was skipped."""
    gone = [item for item in items if _is_empty(item) or is_left_out(config, item)]
    if gone:
        config.hook.pytest_deselected(items=gone)
        items[:] = [item for item in items if item not in gone]


def _is_empty(item: pytest.Item) -> bool:
    call = getattr(item, "callspec", None)
    return call is not None and any(name in call.params and call.params[name] is None for name in PLANS)


@pytest.fixture
def drill(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> DrillRun:
    """The drill of this item, already run. An inconclusive one is an error, never a pass or a fail."""
    __tracebackhide__ = True
    return DrillRun(_conclusive(request, record_property))


@pytest.fixture
def twin(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> DrillRun:
    """The drill of this item, already run on the scenario's own cluster: the clean twin of its defects."""
    __tracebackhide__ = True
    return DrillRun(_conclusive(request, record_property))


@pytest.fixture
def defect(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> DefectRun:
    """The drill of this item, already run on the cluster with the defect. An inconclusive one is an error."""
    __tracebackhide__ = True
    return DefectRun(_conclusive(request, record_property), request.param.defect)


def _conclusive(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Outcome:
    __tracebackhide__ = True
    try:
        outcome = _run(request.config, request.param)
    except Skipped as reason:
        pytest.skip(str(reason))
    except MaildrillError as error:
        pytest.fail(str(error), pytrace=False)
    _record(outcome, record_property)
    if outcome.result.verdict == "inconclusive":
        reasons = "\n".join(f"  {one.code}: {one.message}" for one in outcome.result.diagnostics)
        pytest.fail(f"inconclusive:\n{reasons}\nreport: {outcome.folder / 'report.html'}", pytrace=False)
    return outcome


def _run(config: pytest.Config, planned: Planned) -> Outcome:
    from maildrill.catalogue import load_pair
    from maildrill.commands.app import console
    from maildrill.commands.run import PlainLines
    from maildrill.drill.run import run_drill

    scenario, model = planned.pair or load_pair(planned.path, planned.cluster)
    return run_drill(
        scenario,
        model,
        scenario_path=planned.path,
        reports=_reports(config, planned),
        seed=_seed(config, planned, scenario.scenario),
        progress=PlainLines(console(file=sys.stdout, width=120)),
    )


def _reports(config: pytest.Config, planned: Planned) -> Path:
    """The folder for reports; of a drill that is compared, the folder of its cell."""
    if planned.cell:
        return config.stash[COMPARED].folder / planned.cell
    return Path(config.invocation_params.dir, config.getoption("maildrill_reports"))


def _seed(config: pytest.Config, planned: Planned, scenario: str) -> int:
    """A new or the given seed; where drills are compared, that of the scenario and repeat on every cluster."""
    from maildrill.compare.plan import cell_seed

    if planned.cell:
        return cell_seed(config.stash[COMPARED].seed, scenario, planned.repeat)
    given = config.getoption("maildrill_seed")
    return secrets.randbits(31) if given is None else int(given)


def _record(outcome: Outcome, record_property: Callable[[str, object], None]) -> None:
    from maildrill.report.junit import properties

    for name, value in properties(outcome.result):
        record_property(name, value)
