"""The faults maildrill can inject: one concept per file, looked up by kind."""

from __future__ import annotations

from maildrill.faults.fault import Fault, World
from maildrill.faults.freeze import Freeze
from maildrill.faults.kill import Kill
from maildrill.faults.partition import Partition
from maildrill.faults.stop import Stop
from maildrill.faults.volume_loss import VolumeLoss

KINDS: dict[str, type[Fault]] = {kind.kind: kind for kind in (Kill, Stop, Freeze, Partition, VolumeLoss)}

__all__ = ["KINDS", "Fault", "World"]
