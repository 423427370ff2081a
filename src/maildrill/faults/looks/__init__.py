"""Looks at the world from a node's place in the network, run by the helper; standard library only.

Each module has ``main(arguments)`` and returns what it saw as JSON would hold it. None of them is what
injects a fault, and none shares code with it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from maildrill.faults.fault import World

RUN = """
import json, sys
scope = {"__name__": "look"}
exec(compile(sys.argv[1], "look", "exec"), scope)
print(json.dumps(scope["main"](sys.argv[2:])))
"""


def look(world: World, node: Any, program: str, *arguments: str | float) -> Any:
    """What a program sees from a node's network namespace. Raises RuntimeError if it cannot look."""
    source = (Path(__file__).parent / f"{program}.py").read_text(encoding="utf-8")
    code, output = world.helper.in_network_of(
        node.container, "python3", "-c", RUN, source, *(str(argument) for argument in arguments)
    )
    if code:
        raise RuntimeError(f"no look ({program}) from {node.name}: {output.strip()[-200:]}")
    try:
        return json.loads(output)
    except ValueError:  # on a busy machine the engine may lose what a program said
        raise RuntimeError(f"no look ({program}) from {node.name}: it said {output[-200:]!r}") from None
