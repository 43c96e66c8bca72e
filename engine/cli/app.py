"""The command `refrain`: data on stdout, everything else on stderr, one line for an error."""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer
from typer.main import get_command

from engine.cli.admin import admin
from engine.cli.ask import ask
from engine.cli.atlas import atlas
from engine.cli.browse import browse
from engine.cli.merges import merging
from engine.cli.recipes import recipe_commands
from engine.cli.render.console import message
from engine.cli.serve import serving
from engine.cli.triage import triaging
from engine.information import version
from indexer.errors import BusyError, RefrainError, RequestError

# Exit codes; 70 and 75 are EX_SOFTWARE and EX_TEMPFAIL of sysexits.h.
DONE, REFUSED, MISUSED, BUG, BUSY, STOPPED = 0, 1, 2, 70, 75, 130

app = typer.Typer(
    name="refrain",
    help="Songs like these, songs for these words, a playlist from a seed, and why: from your own catalogue.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (ask, browse, triaging, atlas, serving, admin, merging):
    app.add_typer(group)
app.add_typer(recipe_commands, name="recipe", rich_help_panel="Ask")


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"refrain {version()}\n")
        raise typer.Exit


@app.callback()
def options(
    _: Annotated[
        bool,
        typer.Option("--version", metavar="", help="Print the version and leave.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; what is wrong with the world or the words is one line.

    RefrainError and OSError are what a user can mend, RequestError among them by other words on the command line.
    Anything else is a bug, shown with its traceback.
    """
    sys.stdout = sys.stdout or open(os.devnull, "w")  # `>&-`: nobody wants the answer  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Files and pipes are UTF-8 whatever the system's habit; a terminal that knows no ❤ shows \u2764.
            encoding = stream.encoding if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")
    try:
        code = get_command(app).main(args=arguments, prog_name="refrain", standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        return _misused(error)
    except RequestError as error:
        return _refused(str(error), MISUSED)
    except BusyError as error:
        return _refused(str(error), BUSY)
    except RefrainError as error:
        return _refused(str(error))
    except BrokenPipeError:
        return _reader_gone()
    except OSError as error:
        return _refused(_of_the_system(error))
    except (KeyboardInterrupt, typer.Abort):
        code = STOPPED
    except SystemExit as left:  # Typer's own way out when the reader of a pipe is gone
        return left.code if isinstance(left.code, int) else REFUSED
    except Exception as error:
        return _bug(error)
    if code == STOPPED:
        message("refrain: stopped; what was there before is unchanged", style="red")
    return code if isinstance(code, int) else DONE


def script() -> None:
    """The entry point of the installed command."""
    sys.exit(main())


def _refused(text: str, code: int = REFUSED) -> int:
    message(f"refrain: {text}", style="red")
    return code


def _misused(error: typer.TyperException) -> int:
    """A word on the command line that is none of the command's."""
    text = " ".join(error.format_message().split()).replace(": Value error, ", ": ")
    context = getattr(error, "ctx", None)
    if text:  # else it was the command's name alone, which has shown the help
        command = context.command_path if context is not None else "refrain"
        message(f"refrain: {text.rstrip('.')}; see `{command} -h`", style="red")
    return error.exit_code


def _of_the_system(error: OSError) -> str:
    """What the system refused: which file, and why."""
    name = "" if error.filename is None else f" {os.fsdecode(error.filename)}"
    if isinstance(error, IsADirectoryError):
        return f"{name.strip() or 'a file'} is a folder, expected a file; nothing was changed"
    return f"the system refused{name}: {error.strerror or error}; nothing was changed"


def _reader_gone() -> int:
    """`refrain find x | head -1`: nobody reads what is left, so Python must not try to write it when it ends."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return REFUSED


def _bug(error: Exception) -> int:
    for part in traceback.format_exception(error):
        for line in part.splitlines():
            message(line)
    what = f"{type(error).__name__}: {error}"
    message(
        f"refrain: a bug of this program (refrain {version()}), not a mistake of yours: {what}; "
        "please report it with the lines above and the command",
        style="red",
    )
    return BUG
