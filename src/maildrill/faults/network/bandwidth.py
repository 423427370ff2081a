"""bandwidth: the target's network carries only so many bits a second."""

from __future__ import annotations

from pydantic import Field

from maildrill.faults.looks import look
from maildrill.faults.network.rules import Ruled
from maildrill.scenario.model import Strict

BURST_S = 0.025  # what may pass at once, in time at the full rate
LEAST_BURST_BYTES = 3200  # two packets
QUEUE_MS = 400
DEVICE = "mdifb"
TRANSFER_S = 0.5
LEAST_TRANSFER_BYTES = 6000
PATIENCE_S = 3.0
TOLERANCE = 1.25


class Bandwidth(Ruled):
    """A thin line: what the target sends, and what it receives, is queued and passes at a fixed rate.

    A token bucket (tbf) on the interface, and another one for what arrives. Limits on one node do not
    add up: the lowest holds.
    """

    kind = "bandwidth"
    needs = ("helper", "tbf", "ifb")
    stands_for = (
        "a backup or mirror that fills the line, a fallback to a slow link, a provider's traffic limit. Google, 2 "
        "June 2019: automation took down the control of its networks, what was left was congested for four hours, "
        "and Gmail was among what suffered"
    )

    class Parameters(Strict):
        """How thin."""

        kbit: int = Field(512, ge=32, le=50_000, description="rate in each direction, kbit/s")

    def chains(self) -> list[str]:
        """None: queueing is not a firewall's work."""
        return []

    @property
    def _rates(self) -> dict[int, int]:
        return self.world.layers.setdefault(("bandwidth", self.target.name), {})

    def inject(self) -> None:
        """Set the lowest of the rates asked for on this node. Raises RuntimeError if tc fails."""
        self._rates[self.number] = self.asked.kbit
        self._set()

    def heal(self) -> None:
        """Set the lowest rate that is left, or remove the buckets if none is."""
        self._rates.pop(self.number, None)
        if self._alive:
            self._set()

    def _set(self) -> None:
        device = f"$(ip -o -4 addr show to {self.target.address} | cut -d' ' -f2)"
        if not self._rates:
            commands = ["tc qdisc del dev $d root", "tc qdisc del dev $d ingress", f"ip link del {DEVICE}"]
            self.inside("sh", "-c", f"d={device}; " + "; ".join(f"{command} 2>/dev/null" for command in commands))
            return
        rate = min(self._rates.values())
        bucket = f"root tbf rate {rate}kbit burst {_burst(rate)} latency {QUEUE_MS}ms"
        self.act(
            "sh",
            "-ec",
            f"d={device}\n"
            f"if ! ip link show {DEVICE} >/dev/null 2>&1; then\n"
            f"  ip link add {DEVICE} type ifb\n  ip link set {DEVICE} up\n"
            "  tc qdisc add dev $d handle ffff: ingress\n"
            "  tc filter add dev $d parent ffff: protocol all u32 match u32 0 0 "
            f"action mirred egress redirect dev {DEVICE}\nfi\n"
            f"tc qdisc replace dev $d {bucket}\ntc qdisc replace dev {DEVICE} {bucket}\n",
        )

    def effect(self) -> tuple[bool, str]:
        """A short transfer between the vantage and the target is no faster, each way, than 1.25 times the rate."""
        return self.sees(broken=True)

    def sees(self, broken: bool) -> tuple[bool, str]:
        """The rates of a transfer to the vantage and of one from it."""
        vantage = self.world.cluster.vantage
        vantage.container.reload()
        skip = 2 * _burst(self.asked.kbit)
        size = skip + max(LEAST_TRANSFER_BYTES, int(self.asked.kbit * 1000 / 8 * TRANSFER_S))
        process = vantage.container.attrs["State"]["Pid"]
        arguments = (self.target.address, vantage.address, process, size, skip, PATIENCE_S)
        out, back = look(self.world, self.target, "transfer", *arguments)
        limit = self.asked.kbit * TOLERANCE
        slow = [0 < rate <= limit for rate in (out, back)]
        text = f"to {vantage.name} {out:.0f} kbit/s, from {vantage.name} {back:.0f} kbit/s"
        return all(slow) if broken else (not any(slow) and min(out, back) > 0), text


def _burst(kbit: int) -> int:
    return max(LEAST_BURST_BYTES, int(kbit * 1000 / 8 * BURST_S))
