"""The phases of a drill: up, warm-up, baseline, timeline, settle, drain, census, teardown."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from maildrill.blast import planned_time
from maildrill.cluster.attach import attach
from maildrill.cluster.attached import AttachedCluster
from maildrill.cluster.clocks import Clocks
from maildrill.cluster.confidential import read_secrets
from maildrill.cluster.content import images_of
from maildrill.cluster.disks import Disks
from maildrill.cluster.engine import ENGINE_FAILURES, connect
from maildrill.cluster.images import ensure_images
from maildrill.cluster.model import AnyCluster, ClusterModel
from maildrill.cluster.up import RunningCluster, bring_up
from maildrill.custody.care import Care
from maildrill.custody.guard import Guard
from maildrill.custody.patience import await_engine, cleaned
from maildrill.custody.sweep import remove_session, sweep
from maildrill.drill.beside import not_measured
from maildrill.drill.clock import DrillClock
from maildrill.drill.clocks import clocks_wanted
from maildrill.drill.disks import disks_wanted
from maildrill.drill.holdings import look_everywhere
from maildrill.drill.logs import keep_logs
from maildrill.drill.orders import orders
from maildrill.drill.owner import LIST, OwnersHands
from maildrill.drill.progress import LiveLedger, Progress
from maildrill.drill.questions import Asked
from maildrill.drill.recovery import Recoveries
from maildrill.drill.stops import StoppedEarly, Stops
from maildrill.drill.targets import resolve
from maildrill.drill.timeline import TICK_S, Timeline, dice_of, wait_until
from maildrill.drill.versions import versions
from maildrill.drill.watching import Unblocked
from maildrill.errors import EnvironmentProblem
from maildrill.faults import KINDS, World
from maildrill.faults.helper import Helper
from maildrill.journal.events import Clock, Node, Note, Phase
from maildrill.journal.writer import JournalWriter
from maildrill.scenario.model import SERVICES, Scenario, Stop
from maildrill.traffic.link import VantageLink

READY_DEADLINE_S = 60.0
CENSUS_DEADLINE_S = 20.0
TRIES_DEADLINE_S = 15.0
"""How long the census waits for tries under way: what is accepted after the last look nobody can call lost."""
STEADY_S, WARM_DEADLINE_S = 1.0, 15.0


class Drill:
    """The state of one running drill; its methods are its phases."""

    def __init__(
        self, scenario: Scenario, model: AnyCluster, folder: Path, seed: int, watch: Callable[[Progress], None]
    ) -> None:
        self.scenario, self.model, self.folder, self.seed = scenario, model, folder, seed
        self.watch = Unblocked(watch)
        self.session = secrets.token_hex(4)
        self.client = connect()
        self.clock = DrillClock()
        self.journal = JournalWriter(folder / "journal.ndjson")
        self.live = LiveLedger()
        self.phase_name = ""
        self.began: dict[str, float] = {}
        self.ended_early = False
        self.care = Care(self.journal, self.clock.now, self.say)
        self.cluster: RunningCluster | None = None
        self.link: VantageLink | None = None
        self.guard: Guard | None = None
        self.owner: OwnersHands | None = None

    def say(self, message: str) -> None:
        """Tell the watcher something happened."""
        self.watch(self.live.progress(self.clock.now(), self.phase_name, message))

    def note(self, name: str, detail: str = "", value: float = 0.0) -> None:
        """Write down something about the drill itself."""
        self.journal.write(Note(self.clock.now(), name, detail, round(value, 6)))

    def phase(self, name: str) -> None:
        """Begin a phase, and write that down."""
        self.journal.write(self.enter(name))

    def enter(self, name: str) -> Phase:
        """Begin a phase; what is to be written down."""
        self.phase_name = name
        self.began[name] = self.clock.now()
        self.say("")
        return Phase(self.began[name], name)

    def tick(self) -> None:
        """Called ten times a second while the drill waits: shows progress, notices a dead vantage or a full disk."""
        if self.journal.problem:
            raise EnvironmentProblem(self.journal.problem)
        if self.link is not None and self.link.broken:
            raise EnvironmentProblem(f"the vantage died: {self.link.broken}")
        self.watch(self.live.progress(self.clock.now(), self.phase_name))

    def take(self, lines: list[str]) -> None:
        """Events from the vantage: to the journal as they are, and to the live ledger."""
        self.journal.write_lines(lines)
        for line in lines:
            self.live.take(line)

    def up(self) -> None:
        """Images, reaper, cluster, vantage; everything ready by its own protocol."""
        self.phase("up")
        images = ensure_images(self.client, images_of(self.model), say=self.say)
        for removed in sweep(self.client):
            self.say(f"removed, left by a dead drill: {removed}")
        began = time.monotonic()
        self.helper = Helper(self.client, images["helper"], self.session)
        stand = self.bring_up if isinstance(self.model, ClusterModel) else self.attach
        self.cluster = stand(images["helper"])
        assert self.link is not None, "a cluster has a vantage: its file was checked"
        self.await_ready(self.link, self.cluster)
        if self.guard is not None:
            self.guard.check()
        self.note("cluster_up_s", "", time.monotonic() - began)
        facts = versions(self.client, images, self.cluster)
        (self.folder / "versions.json").write_text(json.dumps(facts, indent=2, sort_keys=True) + "\n")

    def bring_up(self, helper: str) -> RunningCluster:
        """Start a cluster of our own; ``helper`` is the helper's image."""
        assert isinstance(self.model, ClusterModel)
        wanted = disks_wanted(self.scenario, self.model)
        self.guard = Guard(self.client, helper, self.session, disks=bool(wanted))
        if wanted or any("helper" in KINDS[step.fault].needs for _, step in self.scenario.faults()):
            self.helper.start(disks=bool(wanted))
        clocks = Clocks(self.client, helper, self.session, clocks_wanted(self.scenario, self.model))
        disks = Disks(self.client, self.helper, wanted)
        return bring_up(self.client, self.model, self.session, self.say, self.start_vantage, clocks, disks)

    def attach(self, helper: str) -> RunningCluster:
        """Stand beside a system that runs already; what cannot be seen of it is written down."""
        assert isinstance(self.model, AttachedCluster)
        self.guard = Guard(self.client, helper, self.session)
        passwords = read_secrets(self.model)
        self.owner = OwnersHands(self.model, passwords, self.folder, self.say)
        for what in not_measured(self.model):
            self.note("not-measured", what)
        return attach(self.client, self.model, self.session, passwords, self.start_vantage)

    def start_vantage(self, container: Any) -> None:
        """Attach to the vantage, start it and give it the drill's clock, while the servers are starting."""
        self.link = VantageLink(self.client, container, self.take)
        self.link.start()
        error = self.link.synchronise(self.clock.zero)
        self.journal.write(Clock(self.clock.now(), container.name, round(error, 6)))

    def await_ready(self, link: VantageLink, cluster: RunningCluster) -> None:
        """Wait until every server answers in its protocol, seen from the vantage."""
        checks = cluster.checks()
        link.send("ready", checks=checks, deadline=READY_DEADLINE_S)
        done = link.wait("ready-done", READY_DEADLINE_S + 5)
        for check in checks:
            answer = link.wait("ready", 1.0, node=check["node"], port=check["port"])
            state = "ready" if answer["ok"] else "dead"
            self.journal.write(Node(self.clock.now(), check["node"], state, f"{check['protocol']} {answer['last']}"))
            if not answer["ok"]:
                self.say(f"{check['node']}:{check['port']} never answered: {answer['last']}")
        if not done["ok"]:
            raise EnvironmentProblem(f"the cluster was not ready within {READY_DEADLINE_S:.0f} s")

    def open_mail(self) -> VantageLink:
        """Configure the vantage and start its outside server, readers and probes; no mail is offered yet."""
        assert self.link is not None
        assert self.cluster is not None
        link, cluster, scenario = self.link, self.cluster, self.scenario
        link.send("config", **orders(scenario.traffic, scenario.probes, self.model, cluster, self.seed, self.session))
        link.send("start")
        link.wait("started", 30.0)
        return link

    def mail(self) -> None:
        """Warm-up, baseline, timeline, settle, drain, census."""
        link, cluster, scenario = self.open_mail(), self.cluster, self.scenario
        assert cluster is not None
        self.phase("warm-up")
        link.send("offer")
        self.warm_up(cluster)
        self.phase("baseline")
        self.linger(scenario.baseline)
        try:
            self.disaster(World(link.check, link.attempt, self.helper, self.client, cluster, owner=self.owner))
        except StoppedEarly as stop:
            self.stop_early(str(stop))
        self.drain(link)

    def warm_up(self, cluster: RunningCluster) -> None:
        """Let servers that have just been started find their pace; what never does is for the baseline to tell."""
        wanted = set(self.scenario.probes.services or SERVICES)
        wanted -= set() if cluster.endpoints.get("outside_read", True) else {"outbound"}
        until = time.monotonic() + WARM_DEADLINE_S
        while not self.live.steady(wanted, self.clock.now(), STEADY_S) and time.monotonic() < until:
            self.linger(TICK_S)

    def disaster(self, world: World) -> None:
        """Timeline and settle, while the stop conditions are watched."""
        scenario, nodes = self.scenario, world.cluster.nodes
        ask = Asked(world, self.live.newest)

        def nodes_of(stop: Stop) -> list[Any]:
            assert stop.target is not None
            return resolve(stop.target, nodes, dice_of(self.seed, -1, 0), ask).nodes

        stops = Stops(scenario.stop, self.live, self.clock.now, nodes_of, self.note)

        def tick() -> None:
            self.tick()
            stops.check()

        self.phase("timeline")
        recoveries = Recoveries(self.journal, self.clock.now, self.say, self.care, self.folder, self.owner)
        Timeline(scenario, nodes, world, self.care, recoveries, ask, self.seed).run(tick)
        self.phase("settle")
        settled = time.monotonic() + scenario.settle
        looking = threading.Thread(target=self.look_for_held, args=(False,), daemon=True)
        looking.start()
        wait_until(settled, tick)
        looking.join(30)
        self.care.verify_rest()

    def stop_early(self, why: str) -> None:
        """A stop condition came true: write it down, heal everything."""
        self.ended_early = True
        self.note("stopped-early", why)
        self.say(f"stopped early: {why}; healing")
        self.care.stop_injecting()
        self.care.heal_all()

    def linger(self, seconds: float) -> None:
        """Let time pass while the mail flows."""
        wait_until(time.monotonic() + seconds, self.tick)

    def drain(self, link: VantageLink) -> None:
        """Mail stops; wait for the backlog; count what is there."""
        self.phase("drain")
        link.send("stop-offering")
        link.send("stop-probes")
        link.wait("probes-stopped", 30.0)
        until = time.monotonic() + self.scenario.drain
        while self.live.outstanding() and time.monotonic() < until:
            self.linger(0.1)
        link.send("give-up", deadline=TRIES_DEADLINE_S)
        link.wait("gave-up", TRIES_DEADLINE_S + 5)
        self.phase("census")
        self.look_for_held(True)  # queues first: what moves to a mailbox meanwhile is seen twice, not never
        link.send("census", deadline=CENSUS_DEADLINE_S)
        link.wait("census-done", CENSUS_DEADLINE_S + 15)

    def look_for_held(self, stores_too: bool) -> None:
        """Look for messages on volumes: queues at the start of settle, everything at the end."""
        assert self.cluster is not None
        for held in look_everywhere(self.cluster.nodes.values(), stores_too, self.clock.now):
            self.journal.write(held)

    def down(self) -> None:
        """Undo faults, keep the logs, remove everything, look, end the reaper and the journal."""
        began, teardown = time.monotonic(), self.enter("teardown")
        away, owed = await_engine(self.client, self.say), self.give_back()
        self.care.undo_all()
        self.journal.write(teardown)  # only now: nothing that is written stands before a heal
        if away:
            self.note("error", away)
        if self.link is not None:
            self.link.close()
        if self.cluster is not None:
            for problem in keep_logs(self.cluster, self.folder, self.journal, self.clock.wall):
                self.note("log-missing", problem)
        try:
            left = cleaned(lambda: remove_session(self.client, self.session))
            self.note("not-clean" if left or owed else "clean", "; ".join([*owed, *left]))
            if self.guard is not None and not left:
                self.guard.release()
        except ENGINE_FAILURES as problem:
            self.note("not-clean", f"{type(problem).__name__}: {problem}")
        self.note("teardown_s", "", time.monotonic() - began)
        if not self.ended_early and "census" in self.began:
            planned = planned_time(self.scenario, self.model.nodes) + self.began["census"] - self.began["drain"]
            self.note("overhead_s", "", self.clock.now() - planned)

    def give_back(self) -> list[str]:
        """An attached system goes on without us: undo and prove it; what could not be undone or proven."""
        if self.owner is None:
            return []
        self.owner.over.set()
        self.care.stop_injecting()
        self.care.heal_all()
        return [f"not undone, see the file {LIST}: {name}" for name in self.owner.owed()]
