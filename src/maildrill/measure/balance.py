"""How evenly the proxies spread sessions over their servers, by phase.

Jain's fairness index of n servers with x sessions each is (sum x)^2 / (n sum x^2): 1 if all got the same, 1/n if one
got all (Jain, Chiu, Hawe: A Quantitative Measure of Fairness and Discrimination, DEC-TR-301, 1984). It is of the
servers that should have taken part: not the backups, and not those which the proxy held to be down, or was told to
drain, for at least half of the phase. When all is healed a server that is held to be down should take part too: one
that is up and gets nothing is as good as lost. Sessions are counted by second; a second belongs to the phase in which
the first of its sessions began. Sessions that were open at teardown are not known: a backend with few, long sessions
(passwords asked over one lasting connection) has no index.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from maildrill.measure.frames import Frames, phase_start
from maildrill.measure.result import FaultLife
from maildrill.measure.shares import Balance, Share, Spread

Span = tuple[float, float]
ENOUGH = 10
"""Sessions a member, on average; of fewer, chance alone makes an index."""
WORDS = {"baseline": "before", "fault": "during", "after": "after"}


def fairness(sessions: Iterable[int]) -> float | None:
    """Jain's index; None for fewer than two servers, or without a session."""
    counts = list(sessions)
    squares = sum(count * count for count in counts)
    return sum(counts) ** 2 / (len(counts) * squares) if len(counts) > 1 and squares else None


def phases_of(frames: Frames, faults: list[FaultLife], horizon: float) -> dict[str, Span]:
    """The phases in which shares are told, [begin, end) in s; one that never came is left out."""
    begin, end = phase_start(frames, "baseline"), phase_start(frames, "timeline")
    found = {} if begin is None else {"baseline": (begin, horizon if end is None else end)}
    effects = [life.effective_at for life in faults if life.effective_at is not None]
    if effects:
        heals = [
            horizon if life.healed_at is None else life.healed_at for life in faults if life.effective_at is not None
        ]
        healed = min(max(heals), horizon)
        found |= {"fault": (min(effects), healed), "after": (healed, horizon)}
    return {name: span for name, span in found.items() if span[0] < span[1]}


def measure_balance(frames: Frames, faults: list[FaultLife], horizon: float) -> list[Balance]:
    """Every backend of every proxy whose log was read; none in a journal that does not say."""
    phases = phases_of(frames, faults, horizon)
    return [
        _balance(str(proxy), str(backend), of, frames["node"], phases)
        for (proxy, backend), of in frames["served"].group_by("proxy", "backend", maintain_order=True)
    ]


def _balance(proxy: str, backend: str, of: pl.DataFrame, nodes: pl.DataFrame, phases: dict[str, Span]) -> Balance:
    names = sorted(of.filter(pl.col("server") != "")["server"].unique().to_list())
    backups = set(of.filter(pl.col("backup"))["server"])
    active = [name for name in names if name not in backups]
    spreads = {}
    for phase, span in phases.items():
        excused = ("drained",) if phase == "after" else ("drained", "down")
        members = [name for name in active if 2 * _away(nodes, f"{backend}/{name}", span, excused) < span[1] - span[0]]
        spreads[phase] = _spread(of.filter(pl.col("t") >= span[0], pl.col("t") < span[1]), names, members)
    return Balance(proxy=proxy, backend=backend, active=active, phases=spreads)


def _spread(of: pl.DataFrame, names: list[str], members: list[str]) -> Spread:
    counts = {
        str(server): (int(taken), int(not_taken))
        for server, taken, not_taken in of.group_by("server").agg(pl.sum("sessions", "not_taken")).iter_rows()
    }
    total = sum(taken for taken, _ in counts.values())
    shares = {}
    for name in names:
        taken, not_taken = counts.get(name, (0, 0))
        shares[name] = Share(sessions=taken, share=taken / total if total else None, not_taken=not_taken)
    enough = sum(shares[name].sessions for name in members) >= ENOUGH * len(members)
    return Spread(
        servers=shares,
        unserved=counts.get("", (0, 0))[1],
        members=members,
        fairness=fairness(shares[name].sessions for name in members) if enough else None,
    )


def _away(nodes: pl.DataFrame, server: str, span: Span, excused: tuple[str, ...]) -> float:
    """How long within a span a proxy held this server to be in one of the states that excuse it, s."""
    told = nodes.filter(pl.col("detail").is_in([f"proxy: {server}", f"admin: {server}"])).select("t", "state")
    told = told.filter(pl.col("state").is_in([*excused, "up"]))
    away, since = 0.0, None
    for t, state in [*told.sort("t").iter_rows(), (span[1], "up")]:
        if state == "up" and since is not None:
            away += max(0.0, min(t, span[1]) - max(since, span[0]))
        since = None if state == "up" else (t if since is None else since)
    return away


def is_shared(balance: Balance) -> bool:
    """Whether it is known in any phase how evenly the sessions were spread."""
    return any(spread.fairness is not None for spread in balance.phases.values())


def told(balance: Balance) -> str:
    """One backend in one line: what share each server got, phase by phase, and how even that was."""
    phases = balance.phases.values()
    servers = dict.fromkeys(name for phase in phases for name in phase.servers)
    shares = [f"{name} {', '.join(_percent(phase.servers[name].share) for phase in phases)} %" for name in servers]
    even = ", ".join("–" if phase.fairness is None else f"{phase.fairness:.2f}" for phase in phases)
    when = ", ".join(WORDS[name] for name in balance.phases)
    return f"{balance.proxy} {balance.backend}: {'; '.join(shares)}; fairness {even} ({when})"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f}"
