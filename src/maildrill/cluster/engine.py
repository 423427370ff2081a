"""The connection to the container engine."""

from __future__ import annotations

from typing import Any

import docker
from docker.errors import DockerException

from maildrill.errors import EnvironmentProblem, MaildrillError

ENGINE_FAILURES = (DockerException, MaildrillError, RuntimeError, OSError)
"""What may go wrong between us and the engine or a node; programming errors are not among them."""

CALL_TIMEOUT_S = 120
POOL = 32


def connect() -> Any:
    """A client of the engine named by the environment (DOCKER_HOST) or on this machine.

    Raises EnvironmentProblem with what to do if none answers.
    """
    try:
        client = docker.from_env(timeout=CALL_TIMEOUT_S, max_pool_size=POOL)
        client.ping()
    except DockerException as problem:
        raise EnvironmentProblem(
            f"no container engine answers ({problem}). Start Docker, or run ./bootstrap, which installs and starts it."
        ) from problem
    return client
