"""The `maildrill` command: errors become one message and an exit code; only a defect of maildrill shows a traceback."""

from __future__ import annotations

import sys
import traceback

import typer
from typer.exceptions import TyperException

import maildrill.commands.compare
import maildrill.commands.engine
import maildrill.commands.explain
import maildrill.commands.faults
import maildrill.commands.look
import maildrill.commands.results
import maildrill.commands.run
import maildrill.commands.start
import maildrill.commands.up  # noqa: F401  each module registers its commands
from maildrill.commands.app import DEFECT, INTERRUPTED, app, say
from maildrill.errors import BadInput, EnvironmentProblem, MaildrillError


def run(arguments: list[str]) -> int:
    """Run the command line; returns the exit code."""
    try:
        code = app(arguments, prog_name="maildrill", standalone_mode=False)
    except MaildrillError as error:
        say(f"maildrill: {error}")
        return error.exit_code
    except TyperException as error:
        show = getattr(error, "show", None)
        show() if show else say(f"maildrill: {error}")
        return BadInput.exit_code
    except OSError as error:
        say(f"maildrill: the machine refused: {error}")
        return EnvironmentProblem.exit_code
    except (KeyboardInterrupt, typer.Abort):
        say("maildrill: interrupted")
        return INTERRUPTED
    except Exception as error:
        say(f"maildrill: this is a defect of maildrill ({type(error).__name__}); please report it with these lines:")
        say(traceback.format_exc().rstrip())
        return DEFECT
    return code if isinstance(code, int) else 0


def main() -> None:
    """Entry point of the `maildrill` command."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
