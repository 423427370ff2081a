"""The connection to the container engine."""

from __future__ import annotations

import os
import platform
from typing import Any

import docker
from docker.errors import DockerException

from maildrill.errors import EnvironmentProblem, MaildrillError

ENGINE_FAILURES = (DockerException, MaildrillError, RuntimeError, OSError)
"""What may go wrong between us and the engine or a node; programming errors are not among them."""

CALL_TIMEOUT_S = 120
POOL = 32
SOCKET = "/var/run/docker.sock"


def connect() -> Any:
    """A client of the engine named by the environment (DOCKER_HOST) or on this machine.

    Raises EnvironmentProblem with what to do if none answers.
    """
    try:
        client = docker.from_env(timeout=CALL_TIMEOUT_S, max_pool_size=POOL)
        client.ping()
    except (DockerException, ValueError) as problem:  # ValueError: an address that cannot be one
        raise EnvironmentProblem(
            f"no container engine answers ({problem}). Start Docker, or run ./bootstrap, which installs and starts it."
        ) from problem
    return client


def socket_of(client: Any) -> str:
    """Where the engine's socket is on the engine's own machine, for a container that must reach it.

    An engine in a virtual machine (Docker Desktop) or far away has the usual one; so has one of this machine,
    unless DOCKER_HOST says that it is a second one, or rootless.
    """
    kind, _, path = os.environ.get("DOCKER_HOST", "").partition("://")
    is_here = kind == "unix" and client.info()["Name"] == platform.node()
    return path if is_here else SOCKET
