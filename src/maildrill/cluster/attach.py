"""Standing beside a system that runs already: only the vantage container is ours."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

from docker.errors import APIError, NotFound
from docker.types import LogConfig

from maildrill.cluster.attached import AttachedCluster, AttachedNode
from maildrill.cluster.images import tag_of
from maildrill.cluster.node import VANTAGE_CPU_SHARES, RunningNode, labels
from maildrill.cluster.payload import vantage_archive
from maildrill.cluster.up import RunningCluster
from maildrill.errors import EnvironmentProblem

VANTAGE = "vantage"


def attach(
    client: Any, model: AttachedCluster, session: str, secrets: dict[str, str], start_vantage: Callable[[Any], None]
) -> RunningCluster:
    """Make the vantage in its network, and have it started; whether the system answers is for the vantage to say.

    secrets: environment variable -> value. Raises EnvironmentProblem if the vantage cannot stand there.
    """
    container = _make_vantage(client, model, session)
    start_vantage(container)
    nodes = {name: _node(name, node) for name, node in model.nodes.items()}
    return RunningCluster(
        model=model,
        session=session,
        networks={},
        nodes=nodes,
        accounts=[(account.address, secrets[account.password_env]) for account in model.accounts],
        ca_pem=model.ca_pem(default="") or machine_cas(),
        resolver=model.resolver,
        mail_host=model.imap.host,
        floating=None,
        vantage=RunningNode(VANTAGE, ["outside"], None, container, model.vantage.address or "", [], {}, []),
        authority=None,
        endpoints=_endpoints(model),
    )


def check_network(client: Any, model: AttachedCluster) -> None:
    """Raises EnvironmentProblem if the network in which the vantage is to stand is not there."""
    try:
        client.networks.get(model.vantage.network)
    except NotFound:
        where = model.where("vantage", "network")
        raise EnvironmentProblem(f'{where}: the container engine has no network "{model.vantage.network}"') from None


def machine_cas() -> str:
    """The certificates of the CAs that this machine trusts, in PEM. Raises EnvironmentProblem if there are none."""
    paths = ssl.get_default_verify_paths()
    files = [Path(paths.cafile)] if paths.cafile else sorted(Path(paths.capath or "/nowhere").glob("*.pem"))
    found = "\n".join(dict.fromkeys(file.read_text(encoding="utf-8", errors="ignore") for file in files))
    if not found:
        raise EnvironmentProblem('this machine trusts no certificate authority; name a file with "ca:"')
    return found


def _node(name: str, node: AttachedNode) -> RunningNode:
    checks: list[tuple[int, str]] = [(port, protocol) for port, protocol in node.checks.items()]
    return RunningNode(name, node.roles, node.site, None, node.host, [], {}, checks, attached=node)


def _endpoints(model: AttachedCluster) -> dict[str, Any]:
    """What differs from a cluster of ours, as the vantage is told."""
    ports = {"submission": model.submission.port, "imaps": model.imap.port}
    ports |= {"mx": model.inbound.port} if model.inbound else {}
    ports |= {"sink": model.outside.listen} if model.outside else {}
    return {
        "submission_host": model.submission.host,
        "inbound_host": model.inbound.host if model.inbound else None,
        "outside_read": model.outside is not None,
        "ports": ports,
    }


def _make_vantage(client: Any, model: AttachedCluster, session: str) -> Any:
    api, stand = client.api, model.vantage
    endpoint = api.create_endpoint_config(ipv4_address=stand.address)
    host = api.create_host_config(
        network_mode=stand.network,
        dns=[model.resolver] if model.resolver else None,
        log_config=LogConfig(type="none"),
        cpu_shares=VANTAGE_CPU_SHARES,
    )
    try:
        made = api.create_container(
            tag_of(VANTAGE),
            name=f"maildrill-{session}-{VANTAGE}",
            hostname=VANTAGE,
            labels=labels(session),
            host_config=host,
            networking_config=api.create_networking_config({stand.network: endpoint}),
            stdin_open=True,  # attached and not detached: the engine sets StdinOnce
            detach=False,
        )
        api.put_archive(made["Id"], "/", vantage_archive())
        return client.containers.get(made["Id"])
    except APIError as problem:
        raise EnvironmentProblem(f"the vantage cannot stand in {stand.network}: {problem}") from problem
