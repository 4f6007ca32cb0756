import re
import shlex
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from quickstudy.cli.app import app

PAGE = (Path(__file__).parents[2] / "docs" / "howto" / "cli.md").read_text()


def commands():
    """All commands, as (words, command)."""

    def walk(words, command):
        if getattr(command, "commands", None):
            for name, below in command.commands.items():
                yield from walk([*words, name], below)
        else:
            yield words, command

    return list(walk([], typer.main.get_command(app)))


COMMANDS = commands()


def test_all_commands_are_there():
    assert {" ".join(words) for words, _ in COMMANDS} == {
        *(
            "demo",
            "init",
            "work",
            "evaluate",
            "decide",
            "teach",
            "reject",
            "report",
            "teachers",
            "replay",
            "merge",
            "forget",
        ),
        *("review", "export", "import", "configure", "what-if", "verify", "pause", "resume"),
        *("serve", "backup", "token add", "token list", "token revoke"),
        *(f"options {verb}" for verb in ("list", "add", "rename", "merge", "retire")),
    }


@pytest.mark.parametrize(("words", "command"), COMMANDS, ids=[" ".join(words) for words, _ in COMMANDS])
def test_every_command_and_option_is_documented(words, command):
    assert f"quickstudy {' '.join(words)}" in PAGE
    for parameter in command.params:
        for flag in parameter.opts:
            if flag.startswith("-") and flag not in {"--help", "-h"}:
                assert f"`{flag}" in PAGE or f"{flag} " in PAGE, f"{flag} of {' '.join(words)}"


@pytest.mark.parametrize(("words", "command"), COMMANDS, ids=[" ".join(words) for words, _ in COMMANDS])
def test_every_command_offers_json_and_examples(words, command):
    assert any("--json" in parameter.opts for parameter in command.params)
    shown = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    assert "For example:" in shown.output
    assert f"quickstudy {' '.join(words)}" in shown.output


def examples():
    """The command lines on the page and in the help texts."""
    lines = re.findall(r"^(?:.* \| )?quickstudy (?!COMMAND)(.+)$", PAGE, re.MULTILINE)
    for _, command in COMMANDS:
        lines += re.findall(r"^ +(?:.* \| )?quickstudy (.+)$", command.help or "", re.MULTILINE)
    return lines


@pytest.mark.parametrize("line", examples())
def test_the_examples_parse(line):
    words = shlex.split(line)
    command = typer.main.get_command(app)
    while getattr(command, "commands", None):
        command = command.commands[words.pop(0)]
    command.make_context("quickstudy", words)
