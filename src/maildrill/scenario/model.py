"""The typed model of a scenario file. Durations are seconds; "10s", "250ms", "2m" are understood."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

SERVICES = ("inbound", "submission", "mailbox", "delivery", "outbound")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def parse_duration(value: Any) -> Any:
    """Seconds from a number or from text such as "250ms", "10s", "2m"; ValueError otherwise."""
    if isinstance(value, str):
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h)\s*", value)
        if not found:
            raise ValueError('a duration such as "10s", "250ms" or "2m"')
        return float(found[1]) * _UNITS[found[2]]
    return value


def parse_rate(value: Any) -> Any:
    """Messages per second from a number or from text such as "10/s", "60/m"."""
    if isinstance(value, str):
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*/\s*(s|m)\s*", value)
        if not found:
            raise ValueError('a rate such as "10/s" or "60/m"')
        return float(found[1]) / _UNITS[found[2]]
    return value


DURATION_SCHEMA = {
    "anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*(ms|s|m|h)\s*$"}]
}
RATE_SCHEMA = {
    "anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*/\s*(s|m)\s*$"}]
}
Duration = Annotated[float, BeforeValidator(parse_duration), Field(ge=0, json_schema_extra=DURATION_SCHEMA)]
Rate = Annotated[float, BeforeValidator(parse_rate), Field(ge=0, json_schema_extra=RATE_SCHEMA)]


class Strict(BaseModel):
    """A part of a file in which an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Stream(Strict):
    """One stream of messages: how many a second, how large (bytes)."""

    rate: Rate = 0.0
    size: Annotated[int, Field(ge=200)] = 2000


class Retry(Strict):
    """How the senders behave as an MTA. Scaled from RFC 5321 section 4.5.4.1 so that a drill ends."""

    first: Duration = Field(1.0, description="wait after the first failed try, s")
    max: Duration = Field(5.0, description="longest wait between tries, s; waits double up to it")
    connect_timeout: Duration = Field(1.0, description="patience for the TCP connection, s")
    command_timeout: Duration = Field(2.0, description="patience for the greeting and each reply, s")


class Traffic(Strict):
    """The mail in motion during the drill."""

    inbound: Stream = Stream(rate=5.0)
    submission: Stream = Stream(rate=1.0)
    outbound: Stream = Stream(rate=1.0)
    changes: Rate = Field(1.0, description="changes of mailbox state (flag, move, deletion) per second")
    retry: Retry = Retry()


class Probes(Strict):
    """The synthetic transactions that say up or down."""

    every: Duration = Field(0.1, description="time between two probes of a service, s")
    deadline: Duration = Field(3.0, description="patience of one probe, s; slower is a failure")
    services: list[Literal["inbound", "submission", "mailbox", "delivery", "outbound"]] = Field(
        [], description="what is probed; empty: every service"
    )


class Target(Strict):
    """Who is hit: nodes by name, or by role and position, resolved when the fault fires."""

    node: str | None = None
    role: str | None = None
    pick: Literal["first", "last", "all", "random"] = "first"


class Step(Strict):
    """One entry of the timeline."""

    at: Duration = Field(description="when, s from the start of the timeline")
    fault: str = Field(description="a kind of fault: `maildrill faults` lists them")
    target: Target
    parameters: dict[str, Any] = Field({}, alias="with", description="what the kind of fault lets one set")
    peers: list[Target] = Field([], description="partition only: whom the target cannot reach")
    duration: Duration | None = Field(None, alias="for", description="healed after; never, if absent")


class Objective(Strict):
    """The objectives of one service."""

    rto: Duration | None = Field(None, description="recovery time objective, s")


class Objectives(Strict):
    """Fixed before the run; at least one is needed."""

    inbound: Objective | None = None
    submission: Objective | None = None
    mailbox: Objective | None = None
    delivery: Objective | None = None
    outbound: Objective | None = None
    rpo: Duration | None = Field(None, description="recovery point objective, s")
    lost: int | None = Field(None, ge=0, description="acknowledged messages that may be lost")
    catch_up: Duration | None = Field(None, description="until the backlog is visible, s")
    system_duplicates: int | None = Field(None, ge=0, description="extra copies after one try")


class Sustained(Strict):
    """When a service counts as recovered: window W with success, and no relapse within R (s)."""

    window: Duration = 3.0
    relapse: Duration = 5.0


class Scenario(Strict):
    """One drill: a cluster, its traffic, what happens to it, and what is expected of it."""

    scenario: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    title: str
    why: str = ""
    cluster: str = "postfix-dovecot-ha"
    tags: list[str] = []
    traffic: Traffic = Traffic()
    probes: Probes = Probes()
    baseline: Duration = Field(5.0, description="healthy time before the timeline, s")
    timeline: Annotated[list[Step], Field(min_length=1)]
    settle: Duration = Field(12.0, description="observed time after the timeline, s, mail still offered")
    drain: Duration = Field(20.0, description="longest wait for the backlog after mail stops, s")
    sustained: Sustained = Sustained()
    objectives: Objectives
