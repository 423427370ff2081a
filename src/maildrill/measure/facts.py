"""Everything measured that a verdict may depend on."""

from __future__ import annotations

from dataclasses import dataclass

from maildrill.journal.reader import Journal
from maildrill.measure.backlog import CatchUp
from maildrill.measure.copies import Replicas
from maildrill.measure.frames import Frames
from maildrill.measure.ledger import Messages
from maildrill.measure.load import MachineLoad
from maildrill.measure.mailboxes import OldMail
from maildrill.measure.result import Duplicates, FaultLife, Lateness, Ledger, RecoveryStep, Rpa, Service
from maildrill.measure.shares import Balance
from maildrill.scenario.model import Scenario

Found = list[tuple[str, str]]
"""(code, what it means here) of each thing found, or (objective, by how much it was missed)."""


@dataclass(frozen=True)
class Facts:
    """Everything measured that a verdict may depend on."""

    journal: Journal
    frames: Frames
    scenario: Scenario
    messages: Messages
    ledger: Ledger
    duplicates: Duplicates
    services: dict[str, Service]
    faults: list[FaultLife]
    recovery_steps: list[RecoveryStep]
    rpa: Rpa
    old_mail: OldMail | None
    catch_up: CatchUp
    lateness: Lateness
    load: MachineLoad | None
    balance: list[Balance]
    replicas: Replicas | None
