"""`maildrill up`: a shipped cluster that stays until Ctrl-C, to look around in or to attach to."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from ruamel.yaml import YAML

from maildrill.catalogue import find_cluster
from maildrill.cluster.clusterfile import load_cluster
from maildrill.cluster.engine import connect
from maildrill.cluster.images import ensure_images
from maildrill.cluster.model import ClusterModel
from maildrill.cluster.node import RunningNode
from maildrill.cluster.up import RunningCluster, bring_up
from maildrill.commands.app import Json, app, print_json, say
from maildrill.custody.guard import Guard
from maildrill.custody.patience import cleaned
from maildrill.custody.sweep import remove_session, sweep
from maildrill.drill.signals import signals_as_interrupt, undisturbed
from maildrill.errors import BadInput, EnvironmentProblem
from maildrill.places import writable
from maildrill.traffic.link import VantageLink

READY_DEADLINE_S = 60.0
HEAL_DEADLINE_S = 25
HOOKS = {
    "kill": ("docker kill {}", "docker start {}"),
    "stop": ("docker stop -t 5 {}", "docker start {}"),
    "freeze": ("docker pause {}", "docker unpause {}"),
}


@dataclass(frozen=True)
class Attachable:
    """What somebody needs to use the cluster. variables: account -> (environment variable, password)."""

    cluster: RunningCluster
    variables: dict[str, tuple[str, str]]
    file: Path | None

    def data(self) -> dict[str, Any]:
        """For --json."""
        return {
            "session": self.cluster.session,
            "nodes": {
                node.name: {"container": node.container.name, "address": node.address, "roles": node.roles}
                for node in _servers(self.cluster)
            },
            "mail_host": self.cluster.mail_host,
            "resolver": self.cluster.resolver,
            "accounts": [
                {"address": account, "password_env": name, "password": password}
                for account, (name, password) in self.variables.items()
            ],
            "ca_pem": self.cluster.ca_pem,
            "attached": str(self.file) if self.file else None,
        }

    def text(self) -> str:
        """For people."""
        lines = [
            f"{n.name:12} {n.address:15} {', '.join(n.roles):24} {n.container.name}" for n in _servers(self.cluster)
        ]
        if self.file is None:
            lines += ["", *(f"{account}  {password}" for account, (_, password) in self.variables.items())]
        else:
            lines += ["", *(f"export {name}={password}" for name, password in self.variables.values())]
            lines += [f"maildrill run mx-kill --cluster {self.file}"]
        front = next(n for n in self.cluster.nodes.values() if "proxy" in n.roles or "store" in n.roles)
        account, (_, password) = next(iter(self.variables.items()))
        lines += [
            "",
            f"read:  curl --insecure 'imaps://{front.address}/INBOX' --user '{account}:{password}'",
            f"look:  docker exec -it {front.container.name} sh",
            "Ctrl-C removes everything.",
        ]
        return "\n".join(lines)


@app.command()
def up(
    cluster: Annotated[str, typer.Argument(help="A shipped cluster's name, or a cluster file.")],
    attached: Annotated[
        Path | None, typer.Option("--attached", help="Write a file here with which a drill can attach to it.")
    ] = None,
    json: Json = False,
) -> int:
    """Bring a cluster up and keep it until Ctrl-C. Passwords are printed, and written to no file."""
    model = load_cluster(find_cluster(cluster, Path.cwd() / "-"))
    if attached is not None and len(model.networks) > 1:
        raise BadInput(f"{model.cluster} has several networks; an attached vantage stands in one")
    if attached is not None:
        for file in (attached, _ca_beside(attached)):
            writable(file)
    with signals_as_interrupt():
        try:
            with staying(model) as running:
                variables = {
                    account: (f"MAILDRILL_PASSWORD_{number}", password)
                    for number, (account, password) in enumerate(running.accounts, 1)
                }
                if attached is not None:
                    write_attached(running, variables, attached)
                ready = Attachable(running, variables, attached)
                print_json(ready.data()) if json else typer.echo(ready.text())
                while True:
                    time.sleep(3600)  # a signal ends it
        except KeyboardInterrupt:
            say("maildrill: removed")
    return 0


@contextmanager
def staying(model: ClusterModel) -> Iterator[RunningCluster]:
    """The cluster, ready, without its outside world, whose address is free; removed at the end.

    Raises EnvironmentProblem if something of it could not be removed.
    """
    client, session = connect(), secrets.token_hex(4)
    images = ensure_images(client, {node.image for node in model.nodes.values()} | {"helper"}, say=say)
    sweep(client)
    guard = Guard(client, images["helper"], session)
    try:
        running = bring_up(client, model, session, say)
        _await_ready(client, running)
        guard.check()
        running.vantage.container.remove(force=True)
        yield running
    finally:
        with undisturbed():
            if left := cleaned(lambda: remove_session(client, session)):
                raise EnvironmentProblem(f"not removed: {'; '.join(left)}")
            guard.release()


def _await_ready(client: Any, running: RunningCluster) -> None:
    link = VantageLink(client, running.vantage.container, lambda _: None)
    link.start()
    try:
        link.send("ready", checks=running.checks(), deadline=READY_DEADLINE_S)
        if not link.wait("ready-done", READY_DEADLINE_S + 5)["ok"]:
            raise EnvironmentProblem(f"the cluster was not ready within {READY_DEADLINE_S:.0f} s")
    finally:
        link.close()


def write_attached(running: RunningCluster, variables: dict[str, tuple[str, str]], path: Path) -> None:
    """The file with which a drill attaches to the cluster, and its CA beside it. No password is in either."""
    model, ca = running.model, _ca_beside(path)
    ca.write_text(running.ca_pem, encoding="ascii")
    mail = {"host": running.mail_host}
    content = {
        "cluster": f"{model.cluster}-attached",
        "about": f"{model.cluster}, started by another process: {model.about}".rstrip(": "),
        "attached": True,
        "domain": model.domain,
        "outside_domain": model.outside_domain,
        "submission": mail | {"port": 587},
        "imap": mail | {"port": 993},
        "resolver": running.resolver,
        "ca": ca.name,
        "accounts": [{"address": account, "password_env": name} for account, (name, _) in variables.items()],
        "vantage": {"network": next(iter(running.networks.values())), "address": running.vantage.address},
        "outside": {"listen": 25},
        "sites": list(model.sites),
        "nodes": {node.name: _entry(node) for node in _servers(running)},
    }
    with path.open("w", encoding="utf-8") as file:
        file.write("# Written by `maildrill up`, which printed what to export; of use while that runs.\n")
        YAML().dump(content, file)


def _ca_beside(file: Path) -> Path:
    return file.with_suffix(".ca.pem")


def _entry(node: RunningNode) -> dict[str, Any]:
    name = node.container.name
    allow = {
        kind: {"inject": {"run": inject.format(name)}, "heal": {"run": heal.format(name), "deadline": HEAL_DEADLINE_S}}
        for kind, (inject, heal) in HOOKS.items()
    }
    site = {"site": node.site} if node.site else {}
    return {"roles": node.roles, **site, "host": node.address, "checks": dict(node.checks), "allow": allow}


def _servers(running: RunningCluster) -> list[RunningNode]:
    return [node for node in running.nodes.values() if node is not running.vantage]
