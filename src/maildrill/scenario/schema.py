"""The JSON Schema of each kind of file maildrill reads or writes."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from maildrill.errors import BadInput
from maildrill.scenario.document import nearest

SCHEMAS = {
    "scenario": "maildrill.scenario.model:Scenario",
    "cluster": "maildrill.cluster.model:ClusterModel",
    "attached": "maildrill.cluster.attached:AttachedCluster",
    "result": "maildrill.measure.result:Result",
    "profile": "maildrill.compare.profile:Profile",
    "candidate": "maildrill.compare.profile:Candidate",
    "compare": "maildrill.compare.model:Comparison",
}
WRITTEN = ("result", "compare")
"""The kinds that maildrill writes; the others it reads."""


def schema_of(which: str) -> dict[str, Any]:
    """The JSON Schema called ``which``. Raises BadInput if there is none of that name."""
    if which not in SCHEMAS:
        raise BadInput(f'no schema "{which}"; {nearest(which, SCHEMAS)}')
    module, name = SCHEMAS[which].split(":")
    model = getattr(import_module(module), name)
    mode = "serialization" if which in WRITTEN else "validation"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema(mode=mode)}
