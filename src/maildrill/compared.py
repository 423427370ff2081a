"""A pytest session over several clusters or repeats is a comparison, and it is made as `maildrill compare` makes one.

Its drills run in the same order for the same seed, each in the folder of its cell, and what they say is written when
the session ends. With pytest-xdist the workers take the drills in that order, several at a time; the controller says
when the session began and what its seed is, so that all have one folder and one order, and reads the cells at the end.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

import maildrill
from maildrill.catalogue import chosen_cluster
from maildrill.cluster.content import content_of, images_of
from maildrill.compare.folder import PAGE, PLAN, folder_of, new_folder
from maildrill.compare.plan import Plan, order_cells, planned_cluster, planned_scenario
from maildrill.errors import BadInput, MaildrillError

if TYPE_CHECKING:
    from pathlib import Path

    from maildrill.planned import Planned

TOLD = "maildrill"
"""What the controller of pytest-xdist tells its workers stands under this name."""


@dataclass
class Compared:
    """The comparison of one session: a plugin of pytest, registered if there is one."""

    reports: Path
    seed: int
    created: str
    plans: bool = True
    """Whether this process writes the plan: one of the workers does, for only they collect."""
    is_worker: bool = False
    plan: Plan | None = None
    said: str = ""

    @classmethod
    def of(cls, config: pytest.Config) -> Compared:
        """As the command line says, or in a worker as the controller says."""
        reports = config.invocation_params.dir / config.getoption("maildrill_reports")
        told = getattr(config, "workerinput", {}).get(TOLD)
        if told is not None:
            return cls(reports, **told, is_worker=True)
        given = config.getoption("maildrill_seed")
        seed = secrets.randbits(31) if given is None else int(given)
        return cls(reports, seed, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))

    @property
    def folder(self) -> Path:
        """The comparison's own, below that for reports."""
        return folder_of(self.reports, self.created)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker of pytest-xdist; the first one is to write the plan."""
        node.workerinput[TOLD] = {"seed": self.seed, "created": self.created, "plans": self.plans}
        self.plans = False

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None, object, object]:
        """After everything else has chosen and sorted: the drills, among themselves, in the order of the comparison.

        Raises UsageError if two of them are not the same drill but would be taken for it.
        """
        outcome = yield
        places = [(place, one) for place, item in enumerate(items) if (one := _planned(item)) is not None]
        if places:
            self.plan = self._plan([one for _, one in places])
            rank = {cell.cell: number for number, cell in enumerate(self.plan.cells)}
            in_order = sorted(places, key=lambda pair: rank[pair[1].cell])
            items[:] = _placed(items, [place for place, _ in places], [items[place] for place, _ in in_order])
        return outcome

    def _plan(self, drills: list[Planned]) -> Plan:
        there = {one.cell: one for one in drills}
        for one in drills:
            if one.path != there[one.cell].path or one.cluster != there[one.cell].cluster:
                raise pytest.UsageError(f"{one.cell} is given twice: {one.path}, {there[one.cell].path}")
        scenarios, clusters = {}, {}
        for one in drills:
            assert one.pair is not None, "only a misfit has none"
            scenario, model = one.pair
            scenarios[scenario.scenario] = planned_scenario(scenario, str(one.path.resolve()))
            given, images = chosen_cluster(scenario, one.path, one.cluster), content_of(images_of(model))
            clusters[model.cluster] = planned_cluster(model, given, images)
        repeats = max(one.repeat for one in drills)
        order = order_cells(list(clusters), list(scenarios), repeats, self.seed)
        return Plan(
            maildrill_version=maildrill.__version__,
            created=self.created,
            seed=self.seed,
            repeats=repeats,
            reruns=0,
            scenarios=list(scenarios.values()),
            clusters=list(clusters.values()),
            cells=[cell for cell in order if cell.cell in there],
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """The plan is in its folder before the first drill. Raises UsageError if it cannot be written."""
        option = session.config.option
        stops = session.testsfailed and not option.continue_on_collection_errors
        if self.plan is None or not self.plans or option.collectonly or stops:
            return
        try:
            new_folder(self.reports, self.plan)
        except BadInput as error:
            raise pytest.UsageError(str(error)) from None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """However it ended: compare the drills that ran."""
        if self.is_worker or not (self.folder / PLAN).is_file():
            return
        from maildrill.commands.app import console
        from maildrill.compare.cells import read_cells
        from maildrill.compare.conclude import conclude
        from maildrill.compare.terminal import terminal

        try:
            plan = Plan.model_validate_json((self.folder / PLAN).read_text(encoding="utf-8"))
            comparison = conclude(self.folder, plan, read_cells(self.folder, plan))
        except MaildrillError as error:
            self.said = f"the drills could not be compared: {error}"
            return
        text = io.StringIO()
        console(file=text, width=120).print(terminal(comparison))
        self.said = f"{text.getvalue().rstrip()}\nreport: {self.folder / PAGE}"

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say what was found, and where it is."""
        if self.said:
            terminalreporter.section("comparison")
            terminalreporter.write_line(self.said)


def _planned(item: pytest.Item) -> Planned | None:
    """The drill of an item that is part of the comparison."""
    one = getattr(item, "callspec", None) and item.callspec.params.get("drill")  # type: ignore[attr-defined]
    return one if one is not None and one.cell and not one.misfit else None


def _placed(items: list[pytest.Item], places: list[int], drills: list[pytest.Item]) -> list[pytest.Item]:
    """The items, with these drills in the places of the drills."""
    found = list(items)
    for place, item in zip(places, drills, strict=True):
        found[place] = item
    return found
