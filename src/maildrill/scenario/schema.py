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
REF = "#/$defs/"
WRITTEN = ("result", "compare")
"""The kinds that maildrill writes; the others it reads."""


def schema_of(which: str) -> dict[str, Any]:
    """The JSON Schema called ``which``. Raises BadInput if there is none of that name."""
    if which not in SCHEMAS:
        raise BadInput(f'no schema "{which}"; {nearest(which, SCHEMAS)}')
    module, name = SCHEMAS[which].split(":")
    model = getattr(import_module(module), name)
    mode = "serialization" if which in WRITTEN else "validation"
    schema = model.model_json_schema(mode=mode)
    if "extends" in schema["properties"]:
        schema = _whole_or_extending(schema)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _whole_or_extending(whole: dict[str, Any]) -> dict[str, Any]:
    """A file that is valid by itself, or one that extends another and says only what differs."""
    parts = whole.pop("$defs")
    whole_name, changed_name = whole["title"], _changed_name(whole["title"])
    changed = {_changed_name(name): _changed(part) for name, part in {**parts, whole_name: whole}.items()}
    return {
        "title": whole_name,
        "if": {"required": ["extends"], "properties": {"extends": {"type": "string"}}},
        "then": {"$ref": REF + changed_name},
        "else": {"$ref": REF + whole_name},
        "$defs": {**parts, whole_name: whole, **changed},
    }


def _changed_name(name: str) -> str:
    return f"{name}Changed"


def _changed(part: Any) -> Any:
    """A schema by which every field may be left out (it is inherited), or be null (what is inherited is removed)."""
    if isinstance(part, list):
        return [_changed(one) for one in part]
    if not isinstance(part, dict):
        return part
    found = {name: _changed(value) for name, value in part.items() if name not in ("required", "minProperties")}
    if "$ref" in found:
        found["$ref"] = _changed_name(found["$ref"])
    for fields in ("properties", "patternProperties"):
        if fields in found:
            found[fields] = {name: _or_null(field) for name, field in found[fields].items()}
    if isinstance(entry := found.get("additionalProperties"), dict):
        found["additionalProperties"] = _or_null(entry)
    return found


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    null = {"type": "null"}
    return schema if null in schema.get("anyOf", ()) else {"anyOf": [schema, null]}
