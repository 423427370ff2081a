"""The typed model of a scenario file. Durations are seconds (see ``units``)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator

from maildrill.scenario.fields import Distinct, Size, Text, printable
from maildrill.scenario.texts import Slug
from maildrill.scenario.units import LONGEST_S, Duration, Rate

SERVICES = ("inbound", "submission", "mailbox", "delivery", "outbound")
SHORTEST_PROBE_INTERVAL_S = 0.005
"""Half of what the calibration probes with: closer together, probes measure the prober."""


class Strict(BaseModel):
    """A part of a file in which an unknown field is an error, a value of another type (true is no number), a number
    without end (.inf) or none (.nan), and a control character, which would do something to a terminal.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
    _printable = field_validator("*", mode="after")(printable)


class Stream(Strict):
    """One stream of messages: how many a second, how large (bytes)."""

    rate: Rate = 0.0
    size: Size = Field(2000, ge=200)


class Retry(Strict):
    """How the senders behave as an MTA. Scaled from RFC 5321 section 4.5.4.1 so that a drill ends."""

    first: Duration = Field(1.0, gt=0, description="wait after the first failed try, s")
    max: Duration = Field(5.0, gt=0, description="longest wait between tries, s; waits double up to it")
    connect_timeout: Duration = Field(1.0, gt=0, description="patience for the TCP connection, s")
    command_timeout: Duration = Field(2.0, gt=0, description="patience for the greeting and each reply, s")


class Traffic(Strict):
    """The mail in motion during the drill."""

    inbound: Stream = Stream(rate=5.0)
    submission: Stream = Stream(rate=1.0)
    outbound: Stream = Stream(rate=1.0)
    changes: Rate = Field(1.0, description="changes of mailbox state (flag, move, deletion) per second")
    retry: Retry = Retry()


class Probes(Strict):
    """The synthetic transactions that say up or down."""

    every: Duration = Field(
        0.1, ge=SHORTEST_PROBE_INTERVAL_S, le=60, description="time between two probes of a service, s"
    )
    deadline: Duration = Field(3.0, gt=0, le=600, description="patience of one probe, s; slower is a failure")
    services: Distinct[Literal["inbound", "submission", "mailbox", "delivery", "outbound"]] = Field(
        [], description="what is probed; empty: every service"
    )
    recall: Duration = Field(
        0.0, le=600, description="between two looks at each account's oldest message, s; 0: none. For restore drills"
    )
    replicas: Duration = Field(
        0.0, le=600, description="between two looks at each account on each store, s; 0: none. Says how they differ"
    )


class Target(Strict):
    """Who is hit: a node by name, or among the nodes of a role or site some, or the one that a question finds.

    Positions, fractions and questions are resolved at the moment of firing. Without any of them: the
    first node of a role, every node of a site.
    """

    node: str | None = Field(None, description="one node by its name")
    role: str | None = Field(None, description="among the nodes that do this")
    site: str | None = Field(None, description="among the nodes that stand here")
    pick: Literal["first", "last", "all", "random", "answering"] | None = Field(
        None, description="which of them; answering: the first that answers now, MX servers in order of preference"
    )
    fraction: float | None = Field(None, gt=0, le=1, description="this part of them, at random, at least one")
    majority: bool = Field(False, description="more than half of them, at random")
    holds: str | None = Field(
        None,
        description="the one where this user's newest mail was stored first, as far as file times tell: replicas"
        " that append to shared files (mdbox) may look older",
    )
    has_address: str | None = Field(None, description="the one that has this address now (a name or an IP address)")

    def choices(self) -> list[str]:
        """Which ways to choose are given; at most one makes sense."""
        given: dict[str, object] = {"pick": self.pick, "fraction": self.fraction, "majority": self.majority or None}
        given |= {"holds": self.holds, "has_address": self.has_address}
        return [name for name, value in given.items() if value is not None]


class Repeat(Strict):
    """A fault that comes again."""

    times: Annotated[int, Field(ge=2, le=1000)]
    every: Duration = Field(description="from one injection to the next, s; not less than `for`")


class Entry(Strict):
    """What all entries of the timeline have."""

    at: Duration = Field(description="when, s from the start of the timeline")
    name: Slug | None = Field(None, description="what other entries and the report call it")


class Step(Entry):
    """A fault."""

    fault: str = Field(description="a kind of fault: `maildrill faults` lists them")
    target: Target
    parameters: dict[str, Any] = Field({}, alias="with", description="what the kind of fault lets one set")
    peers: list[Target] = Field([], description="the other nodes concerned: whom the target cannot reach")
    duration: Duration | None = Field(
        None, alias="for", gt=0, description="healed after; if absent, by a recovery step or when the drill ends"
    )
    repeat: Repeat | None = None


class Heal(Entry):
    """A recovery step: a fault of this timeline is undone now."""

    recover: Literal["heal"]
    of: str = Field(description="the name of the fault")


class Command(Entry):
    """A recovery step: a command is run in a node; an exit code other than 0 is a failure."""

    recover: Literal["command"]
    target: Target
    run: Text = Field(description="for /bin/sh in the node")
    deadline: Duration = Field(30.0, gt=0, le=LONGEST_S)


class Ask(Entry):
    """A recovery step of a person, who confirms it with Enter, or with a file `confirm` in the drill's folder."""

    recover: Literal["ask"]
    say: Text = Field(description="what the person is asked to do")
    deadline: Duration = Field(
        300.0, gt=0, le=LONGEST_S, description="the step has failed if it is not confirmed by then, s"
    )


def _entry_tag(value: Any) -> str:
    recover = value.get("recover") if isinstance(value, dict) else getattr(value, "recover", None)
    return "a fault" if recover is None else f"recover {recover}"


TimelineEntry = Annotated[
    Annotated[Step, Tag("a fault")]
    | Annotated[Heal, Tag("recover heal")]
    | Annotated[Command, Tag("recover command")]
    | Annotated[Ask, Tag("recover ask")],
    Discriminator(_entry_tag, "recover", "{expected}", {"field": "recover", "expected": "'heal', 'command' or 'ask'"}),
]


class Stop(Strict):
    """Ends the drill early: everything is healed, and the result says why. One condition each."""

    probe: Literal["inbound", "submission", "mailbox", "delivery", "outbound"] | None = Field(
        None, description="this service's probes fail without a success between"
    )
    longer_than: Duration | None = Field(None, description="for longer than this, s")
    messages: Literal["outstanding", "refused", "bounced"] | None = Field(
        None, description="outstanding: accepted or still being sent, and not yet visible; refused: for good"
    )
    above: Annotated[int, Field(ge=0)] | None = Field(None, description="are more than this")
    run: Text | None = Field(
        None, description="for /bin/sh in a node; an exit code other than 0, or no end within 10 s, stops the drill"
    )
    target: Target | None = Field(None, description="the nodes in which it is run; one that stops the drill is enough")
    every: Duration = Field(2.0, gt=0, description="how often the command is run, s")


class Limits(Strict):
    """The largest disaster this file may ask for; checked before anything is started."""

    nodes_down: Annotated[int, Field(ge=1)] | None = Field(None, description="nodes with a fault at one moment")
    fault_time: Duration | None = Field(None, description="time during which any fault is in force, s")


class Objective(Strict):
    """The objectives of one service."""

    rto: Duration | None = Field(None, description="recovery time objective, s")


class Objectives(Strict):
    """Fixed before the run; at least one is needed. Nothing may be changed or misdelivered unless it is said."""

    inbound: Objective | None = None
    submission: Objective | None = None
    mailbox: Objective | None = None
    delivery: Objective | None = None
    outbound: Objective | None = None
    old_mail: Objective | None = Field(
        None, description="until the last user reads the mail of before again; needs probes: recall"
    )
    rpo: Duration | None = Field(None, description="recovery point objective, s")
    lost: int | None = Field(None, ge=0, description="acknowledged messages that may be lost")
    corrupt: int = Field(0, ge=0, description="messages that may be read with another body than was sent")
    misdelivered: int = Field(0, ge=0, description="messages that may be found in a mailbox of somebody else")
    catch_up: Duration | None = Field(None, description="until the backlog is visible, s")
    convergence: Duration | None = Field(
        None, description="from the last heal until all stores have the same mail, s; needs probes: replicas"
    )
    system_duplicates: int | None = Field(None, ge=0, description="extra copies after one try")
    false_rejections: int | None = Field(None, ge=0, description="messages refused or bounced for good")
    premature_bounces: int | None = Field(None, ge=0, description="messages bounced because a queue gave up")
    fairness: dict[str, Annotated[float, Field(gt=0, le=1)]] | None = Field(
        None,
        min_length=1,
        description="backend of a proxy (submission, imaps, lmtp) -> lowest fairness index (Jain, 1 is even) of the"
        " sessions that its servers got in the baseline, and after the last heal",
    )


class Sustained(Strict):
    """When a service counts as recovered: window W with success, and no relapse within R (s)."""

    window: Duration = 3.0
    relapse: Duration = 5.0


class Defect(Strict):
    """A cluster with a planted defect, and the diagnostic by which this drill must know it."""

    cluster: str = Field(description="the scenario's own cluster but for the defect")
    diagnostic: str = Field("OBJECTIVE_MISSED", description="a code of docs/diagnostics.md")
    about: str = Field("", description="the objective it is about, such as mailbox or lost; any, if empty")


class Scenario(Strict):
    """One drill: a cluster, its traffic, what happens to it, and what is expected of it."""

    scenario: Slug
    title: str
    why: str = ""
    cluster: str = "postfix-dovecot-ha"
    tags: list[Slug] = Field([], description="words to choose drills by: pytest -m TAG")
    traffic: Traffic = Traffic()
    probes: Probes = Probes()
    baseline: Duration = Field(5.0, gt=0, description="healthy time before the timeline, s")
    timeline: Annotated[list[TimelineEntry], Field(min_length=1)]
    stop: list[Stop] = []
    limits: Limits = Limits()
    settle: Duration = Field(12.0, description="observed time after the timeline, s, mail still offered")
    drain: Duration = Field(20.0, description="longest wait for the backlog after mail stops, s")
    sustained: Sustained = Sustained()
    objectives: Objectives
    tells_apart: list[Defect] = Field([], description="defects it must see; its own cluster is their clean twin")

    def faults(self) -> list[tuple[int, Step]]:
        """The faults of the timeline, with their places in it."""
        return [(index, entry) for index, entry in enumerate(self.timeline) if isinstance(entry, Step)]

    def fault_at(self, index: int) -> Step:
        """The fault at a place of the timeline. Raises LookupError if a recovery step stands there."""
        entry = self.timeline[index]
        if not isinstance(entry, Step):
            raise LookupError(f"timeline[{index}] is not a fault")
        return entry
