"""What faults of name service share: a name server before the target's own that spoils some answers.

Port 53 of the target is redirected, in its network namespace, to a responder that runs in the helper and
asks the real server on the same node for everything else. Works for a resolver (its clients are
fooled) and for an authoritative server (its resolvers are).
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from pydantic import Field

from maildrill.faults.daemons import Daemon
from maildrill.faults.looks import look
from maildrill.faults.network.proxied import BEFORE_NAT
from maildrill.faults.network.rules import Ruled, hook
from maildrill.scenario.model import Strict

RESPONDER_PORTS = 62000  # the responder of fault n listens on this + n
PATIENCE_S = 0.6
UNUSED = "0.0.0.0"


class Names(Strict):
    """Which questions."""

    names: list[str] = Field([], description="only questions at or below these names; all questions, if empty")


class NameFault(Ruled):
    """A fault of the target's answers to questions for names."""

    needs = ("helper", "nftables", "nat")
    Parameters: ClassVar[type[Strict]] = Names

    @abstractmethod
    def orders(self) -> tuple[str, str, int]:
        """What the responder is to do: its mode, the address it gives out, and the address's TTL (s)."""

    @property
    def _responder(self) -> Daemon:
        return Daemon(self, "dns_responder")

    @property
    def _listens(self) -> int:
        return RESPONDER_PORTS + self.number

    def chains(self) -> list[str]:
        """Redirect questions that come from outside the node."""
        nat = hook("prerouting", "nat", BEFORE_NAT)
        return [f'{nat} iifname != "lo" meta l4proto {{ tcp, udp }} th dport 53 redirect to :{self._listens}']

    def inject(self) -> None:
        """Start the responder, redirect questions to it.

        Raises RuntimeError if that cannot be done, or if the question is answered like that without the fault: of a
        name that does not exist, nobody could tell.
        """
        self.await_whole(f"{self.asked_for} must be answered before, and otherwise than by the fault")
        mode, address, ttl = self.orders()
        where = (str(self._listens), self.target.address)
        self._responder.start(*where, mode, address, str(ttl), *self.asked.names)
        super().inject()

    def heal(self) -> None:
        """Remove the redirection, then end the responder. Answers that clients have cached live on for their TTL."""
        super().heal()
        self._responder.stop()

    @property
    def asked_for(self) -> str:
        """The name to ask for when the effect is looked at."""
        model = self.world.cluster.model
        return self.asked.names[0] if self.asked.names else f"mail.{model.domain}"

    def question(self, kind: str) -> tuple[str, list[str], str]:
        """(status, addresses, what was seen) of a question from the vantage to the target."""
        vantage = self.world.cluster.vantage
        seen = look(self.world, vantage, "question", self.target.address, self.asked_for, kind, PATIENCE_S)
        text = f"{self.asked_for} {kind}: {seen['status']} {' '.join(seen['addresses'])} in {seen['seconds']:.3f} s"
        return seen["status"], seen["addresses"], text


class Refusal(NameFault):
    """A name server that has no answer."""

    mode = ""
    status = ""

    def orders(self) -> tuple[str, str, int]:
        """The mode; no address is given out."""
        return self.mode, UNUSED, 0

    def sees(self, broken: bool) -> tuple[bool, str]:
        """A question for an address, from the vantage."""
        status, _, text = self.question("A")
        return status == (self.status if broken else "NOERROR"), text


class Lie(NameFault):
    """A name server that gives out an address that is not right."""

    @property
    def address(self) -> str:
        """The address it gives out."""
        raise NotImplementedError

    def sees(self, broken: bool) -> tuple[bool, str]:
        """The addresses in the answer to a question from the vantage; in truth a name may have none."""
        status, addresses, text = self.question("A")
        is_lie = addresses == [self.address]
        return is_lie if broken else status in ("NOERROR", "NXDOMAIN") and not is_lie, text
