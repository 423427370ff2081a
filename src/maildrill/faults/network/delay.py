"""delay: packets to the target arrive late."""

from __future__ import annotations

import threading
from typing import Any

from pydantic import Field, model_validator

from maildrill.faults.daemons import Daemon
from maildrill.faults.looks import look
from maildrill.faults.network.rules import Ruled
from maildrill.scenario.model import Strict
from maildrill.scenario.units import Duration

QUEUES = 100  # queue numbers of faults begin here
BITS = range(8, 24)  # of the packet mark: one for each delay on a node, which tells what has passed it
TRIES = 3
AT_ONCE = 5  # a lost packet is repeated after a second, which is no delay of this sort: it must not happen to all
ANSWERS = ("open", "refused")
PATIENT_FROM_S = 0.5  # from this delay on one try tells
PART = 0.9  # a timer may fire a little early
NOTHING_THERE = 9
_giving_out = threading.Lock()


class DelayParameters(Strict):
    """How late, and what."""

    delay: Duration = Field(0.1, ge=0.02, le=30, description="how much later each packet arrives, s")
    jitter: Duration = Field(0.0, description="the delay varies at random by as much, more or less, s")
    port: int | None = Field(None, ge=1, le=65535, description="only packets to this TCP port; all, if absent")

    @model_validator(mode="after")
    def _jitter_below_delay(self) -> DelayParameters:
        if self.jitter > self.delay / 2:
            raise ValueError("jitter must not be larger than half the delay: the effect could not be told from none")
        return self


class Delay(Ruled):
    """A long way: each packet from the peers (everyone, if none are named) to the target arrives late.

    A round trip takes longer by the delay, as only one direction is delayed. The packets wait in a
    netfilter queue of the target's namespace that a program in the helper empties; if it dies, they pass.
    Delays on one node add up.
    """

    kind = "delay"
    needs = ("helper", "nftables", "nfqueue")
    stands_for = "a site moved to another continent, a congested line, a VPN that took a detour"
    has_peers = True
    peers_optional = True
    port_of_target = True
    Parameters = DelayParameters

    def chains(self) -> list[str]:
        """None: this kernel's nftables cannot queue everywhere, iptables can."""
        return []

    @property
    def _chain(self) -> str:
        return f"MAILDRILL_{self.number}"

    @property
    def _delays(self) -> dict[int, tuple[int, Delay]]:
        """The delays on the node, each with its bit."""
        return self.world.layers.setdefault(("delay", self.target.name), {})

    def _take_mark(self) -> int:
        """A bit that no other delay on the node has. Raises RuntimeError if all are taken."""
        with _giving_out:
            taken = {bit for bit, _ in self._delays.values()}
            free = [bit for bit in BITS if bit not in taken]
            if not free and self.number not in self._delays:
                raise RuntimeError(
                    f"{self.target.name} has {len(BITS)} delays at once already; no more can be told apart"
                )
            bit, _ = self._delays.setdefault(self.number, (free[0] if free else 0, self))
            return 1 << bit

    @property
    def _line(self) -> Daemon:
        return Daemon(self, "delay_line")

    def inject(self) -> None:
        """Start the delay line, then send packets through it. Raises RuntimeError if that cannot be done."""
        queue, mark = QUEUES + self.number, self._take_mark()
        milliseconds = [f"{seconds * 1000:g}" for seconds in (self.asked.delay, self.asked.jitter)]
        self._remove()
        self._line.start(str(queue), *milliseconds, str(mark))
        which = [f"-s {address}" for peer in self.peers for address in peer.addresses] or ["! -i lo"]
        port = f"-p tcp --dport {self.asked.port}" if self.asked.port else ""
        once = f"-m mark ! --mark {mark}/{mark}"
        rules = [f"-N {self._chain}"]
        rules += [
            f"-A {self._chain} {one} {port} {once} -j NFQUEUE --queue-num {queue} --queue-bypass" for one in which
        ]
        rules += [f"-A PREROUTING -j {self._chain}"]
        self.act("sh", "-ec", "\n".join(f"iptables-legacy -w -t mangle {rule}" for rule in rules))
        self.added()

    def heal(self) -> None:
        """Remove the rules, then end the delay line: packets that still wait are lost, and TCP repeats them."""
        if self._alive:
            self._remove()
        self._line.stop()
        with _giving_out:
            self._delays.pop(self.number, None)

    def _remove(self) -> None:
        rules = [f"-D PREROUTING -j {self._chain}", f"-F {self._chain}", f"-X {self._chain}"]
        self.inside("sh", "-c", "\n".join(f"iptables-legacy -w -t mangle {rule} 2>/dev/null" for rule in rules))

    def proof_deadline(self) -> float:
        """As long as usual, and as long as one look takes: each of its connections is late."""
        with _giving_out:
            delays = {delay.number: delay for _, delay in self._delays.values()} | {self.number: self}
        return super().proof_deadline() + len(self.observers) * self._tries * sum(map(_longest, delays.values()))

    @property
    def _tries(self) -> int:
        return TRIES if self.asked.delay < PATIENT_FROM_S else 1

    def effect(self) -> tuple[bool, str]:
        """The fastest connection from each peer (or the vantage) takes at least nine tenths of the delay.

        Where other delays are in force, nine tenths of their sum, and longer than the others alone can make it.
        """
        return self.sees(broken=True)

    def sees(self, broken: bool) -> tuple[bool, str]:
        """How long the fastest of some connections to the target takes, from each observer."""
        port = self.asked.port or (self.target.checks[0][0] if self.target.checks else NOTHING_THERE)
        seen = []
        for observer in self.observers:
            others = self._others(observer, port)
            limit = self._least(others) if broken else sum(map(_shortest, others)) + _shortest(self) / 2
            patience = sum(map(_longest, (*others, self))) + 1.0
            servers = [f"{self.target.address}:{port}"] * AT_ONCE
            looks = look(self.world, observer, "connections", patience, self._tries, *servers)
            word, fastest = min(([word, took] for _, word, took in looks), key=_answered_and_fast)
            seen.append(f"{observer.name} -> {self.target.name}:{port} {word} after {fastest * 1000:.1f} ms")
            if word not in ANSWERS or (fastest >= limit) is not broken:
                return False, seen[-1]
        return True, "; ".join(seen)

    def _others(self, observer: Any, port: int) -> list[Delay]:
        """The other delays on the node that such a connection meets."""
        with _giving_out:
            found = [delay for number, (_, delay) in self._delays.items() if number != self.number]
        return [delay for delay in found if delay.asked.port in (None, port) and delay.meets(observer)]

    def _least(self, others: list[Delay]) -> float:
        """What a connection takes at least, s, if this delay is in force: more than the others alone can do."""
        all_of_them = sum(map(_shortest, (*others, self))) * PART
        return max(all_of_them, sum(map(_longest, others)) + _shortest(self) / 2)


def _answered_and_fast(seen: list[Any]) -> tuple[bool, float]:
    word, took = seen
    return word not in ANSWERS, took


def _shortest(delay: Delay) -> float:
    return float(delay.asked.delay - delay.asked.jitter)


def _longest(delay: Delay) -> float:
    return float(delay.asked.delay + delay.asked.jitter)
