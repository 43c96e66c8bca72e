"""The command `refrain`: data on stdout, everything else on stderr, one line for an error."""

from __future__ import annotations

import sys

import typer

from engine.cli.admin import keeping
from engine.cli.ask import answers
from engine.cli.atlas import mapping
from engine.cli.options import stderr
from engine.cli.triage import triaging
from indexer.errors import RefrainError

app = typer.Typer(
    name="refrain",
    help="Songs like these, songs for these words, a playlist from a seed, and why: from your own catalogue.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for commands in (keeping, answers, triaging, mapping):
    app.registered_commands.extend(commands.registered_commands)


def main() -> None:
    """Run the command line. What a user can mend is one line and exit code 1; a traceback is a bug."""
    try:
        app()
    except (RefrainError, ValueError) as error:
        stderr().print(f"refrain: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        stderr().print(
            f"refrain: the system refused{where}: {error.strerror or error}; nothing was changed",
            style="red", markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip
        sys.exit(1)
    except KeyboardInterrupt:
        stderr().print("refrain: stopped; what was there before is unchanged", style="red")
        sys.exit(130)
