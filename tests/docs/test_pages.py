"""The README and every page of the docs run, and show what is really printed.

After a change of the numbers, ``python tests/docs/update.py README.md docs/howto/csv.md`` writes the new outputs.
"""

import os
import re
import shlex
import sys
from pathlib import Path

import pytest
import typer
from page_runner import agrees, blocks, run_page

from quickstudy.cli.app import app
from quickstudy.experts.registry import BUILT_IN

PROJECT = Path(__file__).parents[2]
PAGES = sorted(
    path
    for path in [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *(PROJECT / "docs").rglob("*.md")]
    if path.exists()
)
RUN = [page for page in PAGES if page.parent.name == "howto" or "```python" in page.read_text(encoding="utf-8")]


def name(page):
    return str(page.relative_to(PROJECT))


@pytest.mark.parametrize("page", RUN, ids=name)
def test_the_page_runs_and_shows_what_is_printed(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    for block, output in run_page(page, tmp_path):
        assert agrees(block.body, output), f"{name(page)}:{block.line} shows other output than\n{output}"


def test_the_readme_shows_ten_lines_of_python_with_their_output(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = PROJECT / "README.md"
    first = next(block for block in blocks(page.read_text(encoding="utf-8")) if block.language == "python")
    assert len([line for line in first.body.splitlines() if line.strip()]) <= 12
    assert "@quickstudy.learned" in first.body
    assert len(run_page(page, tmp_path)) == 2


def test_the_readme_names_the_two_commands_of_ci():
    lines = (PROJECT / "README.md").read_text(encoding="utf-8").splitlines()
    assert lines.count("pip install . && quickstudy demo") == 1
    assert lines.count('pip install ".[test]" && pytest') == 1


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_on_the_page_exists(page):
    command = typer.main.get_command(app)
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.language not in {"bash", ""}:
            continue
        for line in block.body.replace("\\\n", " ").splitlines():
            found = re.match(r"^(?:\$ |.* (?:\||&&) )?quickstudy (?!COMMAND)(.*?)(?: [|&>].*)?$", line)
            if not found or found[1].startswith("--"):
                continue
            words, below = shlex.split(found[1], comments=True), command
            while getattr(below, "commands", None):
                assert words[0] in below.commands, f"{name(page)}: quickstudy {found[1]}"
                below = below.commands[words.pop(0)]
            below.make_context("quickstudy", words)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_to_a_file_leads_somewhere(page):
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    missing = [
        target
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
        if "://" not in target and not target.startswith("mailto:") and not (page.parent / target).exists()
    ]
    assert missing == []


def test_every_page_is_in_the_navigation():
    settings = (PROJECT / "mkdocs.yml").read_text(encoding="utf-8")
    docs = PROJECT / "docs"
    missing = [
        str(page.relative_to(docs)) for page in docs.rglob("*.md") if f": {page.relative_to(docs)}\n" not in settings
    ]
    assert missing == []


def test_the_promises_name_tests_that_exist():
    page = PROJECT / "docs" / "concepts" / "promises.md"
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", page.read_text(encoding="utf-8"))
    assert len(named) >= 10
    for file, test in named:
        assert (PROJECT / file).exists(), file
        assert not test or f"def {test}(" in (PROJECT / file).read_text(encoding="utf-8"), f"{file}::{test}"


def test_a_page_that_shows_other_output_is_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = tmp_path / "page.md"
    page.write_text('```python\nprint("one", 2)\n```\n\n```text\none 3\n```\n')
    [(block, output)] = run_page(page, tmp_path)
    assert output == "one 2\n"
    assert not agrees(block.body, output)
    assert agrees("one …", output)


def test_numbers_with_decimals_may_differ_a_little_and_others_not_at_all():
    assert agrees("fraud 0.92", "fraud 0.91\n")
    assert not agrees("fraud 0.92", "fraud 0.85\n")
    assert not agrees("fraud 0.92", "billing 0.92\n")
    assert not agrees("9 lessons", "10 lessons\n")


def test_the_page_on_experts_describes_every_expert():
    table = (PROJECT / "docs" / "concepts" / "experts.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(BUILT_IN)
