"""What all attacks share: an attacker in a container of its own, on the network the vantage is on."""

from __future__ import annotations

import ipaddress
import json
from abc import abstractmethod
from datetime import datetime
from typing import Any, ClassVar

from docker.errors import APIError, NotFound
from docker.types import LogConfig

from maildrill.cluster.images import tag_of
from maildrill.cluster.model import NodeModel
from maildrill.cluster.node import labels
from maildrill.cluster.payload import vantage_archive
from maildrill.faults.fault import Fault

CONFLICT, NOT_FOUND = 409, 404
ADDRESS_TRIES = 16
PROGRAM = ["python3", "-m", "maildrill.traffic.attacker"]


class Attack(Fault):
    """Traffic nobody wants, against one server. Healed means the attack is over, not that its harm is undone."""

    speaks: ClassVar[tuple[str, ...]] = ()
    """What the target must serve, one of these protocols, best first; anything, if empty."""

    @classmethod
    def misfit(cls, node: NodeModel, asked: Any) -> str:
        """It must serve what is attacked."""
        if set(cls.speaks) & set(node.checks.values()) or (node.checks and not cls.speaks):
            return ""
        return f"serves no {' or '.join(cls.speaks) or 'port'}"

    @abstractmethod
    def orders(self) -> dict[str, Any]:
        """What the attacker does: see maildrill.traffic.attacker."""

    @property
    def mark(self) -> str:
        """A word in all that this attack sends."""
        return f"attack{self.number}"

    @property
    def _name(self) -> str:
        return f"maildrill-{self.world.cluster.session}-attack-{self.number}-{self.target.name}"

    def inject(self) -> None:
        """Start the attacker; a second one is never started. Raises RuntimeError if it cannot be."""
        if self.attacker() is not None:
            return
        problem = "no address is free"
        for network, address in self._free_addresses():
            try:
                self._create(network, address).start()
                return
            except APIError as failure:
                problem = str(failure)
                self.heal()
                if "in use" not in problem.lower():
                    break
        raise RuntimeError(f"no attacker could be started: {problem}")

    def heal(self) -> None:
        """Remove the attacker, and with it every connection it has."""
        container = self.attacker()
        try:
            if container is not None:
                container.remove(force=True, v=True)
        except APIError as problem:
            if problem.status_code not in (CONFLICT, NOT_FOUND):  # someone else is removing it
                raise

    def recovered(self) -> tuple[bool, str]:
        """The engine knows no attacker any more, and every service of the target answers the vantage."""
        return super().recovered() if self.attacker() is None else (False, "the attacker is still there")

    def attacker(self) -> Any:
        """The attacker's container, None if there is none."""
        try:
            return self.world.client.containers.get(self._name)
        except NotFound:
            return None

    def attacker_address(self) -> str:
        """Where the attack comes from; empty if nowhere."""
        container = self.attacker()
        networks = container.attrs["NetworkSettings"]["Networks"].values() if container is not None else []
        return next((one["IPAddress"] for one in networks if one["IPAddress"]), "")

    def lines_of_target(self) -> list[str]:
        """What the target has logged since the attack began, and nothing without an attack."""
        container = self.attacker()
        if container is None:
            return []
        begun = datetime.fromisoformat(container.attrs["State"]["StartedAt"][:19] + "+00:00").timestamp()
        logged: bytes = self.target.container.logs(since=begun)
        return logged.decode(errors="replace").splitlines()

    def outcome(self, proven: bool, seen: str) -> tuple[bool, str]:
        """What was seen, and why the attacker ended if it did."""
        container = self.attacker()
        if container is not None and container.status == "exited":
            seen += f"; the attacker ended: {container.logs(tail=3).decode(errors='replace').strip()}"
        return proven, seen

    def port(self) -> int:
        """The target's port that is attacked. Raises RuntimeError if it has none."""
        found = {protocol: port for port, protocol in reversed(self.target.checks)}
        for protocol in self.speaks:
            if protocol in found:
                return found[protocol]
        raise RuntimeError(f"{self.target.name} offers no {' or '.join(self.speaks)}")

    def _create(self, network: str, address: str) -> Any:
        api, session = self.world.client.api, self.world.cluster.session
        endpoint = api.create_endpoint_config(ipv4_address=address)
        made = api.create_container(
            tag_of("vantage"),
            [*PROGRAM, json.dumps(self.orders())],
            name=self._name,
            labels=labels(session),
            host_config=api.create_host_config(
                init=True, log_config=LogConfig(type="json-file", config={"max-size": "5m"})
            ),
            networking_config=api.create_networking_config({network: endpoint}),
        )
        api.put_archive(made["Id"], "/", vantage_archive())
        return self.world.client.containers.get(made["Id"])

    def _free_addresses(self) -> list[tuple[str, str]]:
        """(network, address) from the top of the network in which the vantage sees the target.

        Nodes have fixed addresses at its bottom, and a dead one must find its own free.
        """
        cluster, target = self.world.cluster, ipaddress.ip_address(self.target.address)
        taken = {address for node in cluster.nodes.values() for address in node.addresses}
        for name in cluster.networks.values():
            subnet = ipaddress.ip_network(self.world.client.networks.get(name).attrs["IPAM"]["Config"][0]["Subnet"])
            if target in subnet:
                hosts = [str(host) for host in reversed(list(subnet.hosts()))]
                return [(name, host) for host in hosts if host not in taken][:ADDRESS_TRIES]
        raise RuntimeError(f"{self.target.name} ({target}) is in no network of the cluster")
