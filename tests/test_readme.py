"""README's examples: what it shows is what the bundled catalogue answers, and its Python fits the library."""

from __future__ import annotations

import ast
import doctest
import inspect
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

import indexer
from engine import Engine
from engine.cli.app import app
from engine.cli.ask import ask
from engine.cli.browse import browse
from engine.cli.render import console

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
ASKING = {
    command.name or command.callback.__name__
    for group in (ask, browse)
    for command in group.registered_commands
    if command.callback
}
LEFT_OUT = re.compile(r"^\s*\.\.\.\s*$", re.MULTILINE)


def fenced(language: str) -> list[str]:
    """The blocks of a language; "" are those that name none."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def plain(lines: str) -> str:
    """Words as they are compared: without the widths of columns and the places where a cell is folded."""
    return f" {re.sub('─+', '─', ' '.join(lines.split()))} "


def shown() -> list[tuple[str, str]]:
    """Every `$ refrain ...` that asks the index, with the output that stands below it."""
    examples = []
    for block in [*fenced(""), *fenced("console"), *fenced("shell")]:
        for command, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
            words = shlex.split(command, comments=True)
            if words[0] == "refrain" and words[1] in ASKING and output.strip():
                examples.append((command, output))
    return examples


@pytest.fixture
def beside_the_demo(demo_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder in which a newcomer stands after `refrain demo`: refrain.db and refrain.index are the bundled ones."""
    for variable in ("REFRAIN_INDEX", "REFRAIN_CATALOGUE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(demo_index.parent)


def test_readme_shows_a_command_with_its_output() -> None:
    assert shown()


@pytest.mark.usefixtures("beside_the_demo")
@pytest.mark.parametrize(("command", "output"), shown(), ids=lambda text: text[:30])
def test_commands_print_what_readme_shows(command: str, output: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "PIPE_WIDTH", 1_000)  # nothing is folded
    done = CliRunner().invoke(app, shlex.split(command, comments=True)[1:])
    assert done.exit_code == 0, done.stderr or repr(done.exception)
    printed, at = plain(done.stdout), 0
    for part in LEFT_OUT.split(output):
        at = printed.find(plain(part), at) if part.strip() else at
        assert at >= 0, f"README shows\n{part}\nwhere `{command}` prints\n{done.stdout}"


@pytest.mark.usefixtures("beside_the_demo")
def test_python_sessions_answer_what_readme_shows() -> None:
    session = "\n".join(block for block in [*fenced("python"), *fenced("pycon")] if ">>>" in block)
    test = doctest.DocTestParser().get_doctest(session, {}, "README.md", "README.md", 0)
    options = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    told: list[str] = []
    assert doctest.DocTestRunner(optionflags=options).run(test, out=told.append).failed == 0, "".join(told)


def test_python_calls_fit_the_library() -> None:
    """Examples on songs that only a reader has: every function is there and takes the arguments it is given."""
    checked = 0
    for block in fenced("python"):
        if ">>>" in block:
            continue
        tree = ast.parse(block)
        names = {"engine": object.__new__(Engine), "catalogue": object.__new__(indexer.Catalogue)}
        imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
        exec(compile(ast.Module(imports, []), "README.md", "exec"), names)
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            match call.func:
                case ast.Name(name):
                    function = names[name]
                case ast.Attribute(ast.Name(name), attribute):
                    function = getattr(names[name], attribute)
                case _:
                    continue
            keywords = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
            inspect.signature(function).bind(*call.args, **keywords)
            checked += 1
    assert checked
