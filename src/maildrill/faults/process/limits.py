"""Limits of a running node: memory, processors, processes; changed through the engine while it runs."""

from __future__ import annotations

from typing import Any

import requests
from docker.errors import create_api_error_from_http_exception


def set_limits(client: Any, container: Any, **limits: int) -> None:
    """Set fields of the engine's container update (Memory, NanoCpus, PidsLimit ...). Raises APIError.

    Docker's Python client can set neither NanoCpus nor PidsLimit of a running container, so the
    call is made by hand. The engine answers 200 to fields it ignores: look whether it worked.
    """
    api = client.api
    answer = api.post(f"{api.base_url}/v{api.api_version}/containers/{container.id}/update", json=limits)
    try:
        answer.raise_for_status()
    except requests.HTTPError as problem:
        raise create_api_error_from_http_exception(problem) from problem


def usage(client: Any, container: Any) -> dict[str, Any]:
    """The engine's counters of a container: memory_stats, cpu_stats, pids_stats, as its API has them."""
    counters: dict[str, Any] = client.api.stats(container.id, stream=False, one_shot=True)
    return counters
