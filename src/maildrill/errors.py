"""Every error maildrill raises on purpose, and the exit code each one means.

MaildrillError            1 and 3 are never used here: "objective missed", "inconclusive"
├── BadInput              2  a file or an argument is wrong; nothing was started
│   └── Misfit            2  a scenario and a cluster do not go together
└── EnvironmentProblem    4  the machine or the container engine cannot do what is asked
    ├── Skipped           4  a fault needs what this machine has not; nothing was started
    └── WaitTimeout       4  something did not happen in time

Any other exception is a defect of maildrill, with an exit code of its own (cli.py).
"""

from __future__ import annotations


class MaildrillError(Exception):
    """Base of all errors meant for people: the message says what, where and what to do."""

    exit_code = 4


class BadInput(MaildrillError):
    """A scenario, cluster or argument is wrong. Nothing has been started."""

    exit_code = 2


class Misfit(BadInput):
    """A scenario that asks for what the cluster has not or does not allow, though each is right by itself."""


class EnvironmentProblem(MaildrillError):
    """The machine or the engine cannot do what was asked."""

    exit_code = 4


class Skipped(EnvironmentProblem):
    """A drill that this machine cannot do; the message says what is missing. Nothing has been started."""


class WaitTimeout(EnvironmentProblem):
    """A wait ran into its deadline: says for what, how long, and the last thing seen."""

    def __init__(self, what: str, seconds: float, last_seen: str) -> None:
        super().__init__(f"waited {seconds:.1f} s for {what}; last seen: {last_seen}")
