"""Rules that every source file keeps: the tree of errors, docstrings, no pickle, no eval, sizes."""

import ast
import inspect
import re
import tomllib
from pathlib import Path

import pytest

import quickstudy
from quickstudy import errors

SOURCE = Path(quickstudy.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
PROJECT = Path(__file__).parents[2]
FORBIDDEN_MODULES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}


def drawn_tree():
    """The tree in errors.py's docstring, as class → parent."""
    parents, path = {}, []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^ {4}([│├└─ ]*)([A-Z]\w+)", line)
        if found:
            depth = len(found[1]) // 4
            path = [*path[:depth], found[2]]
            parents[found[2]] = path[-2] if depth else None
    return parents


def error_classes():
    return {
        name: cls
        for name, cls in vars(errors).items()
        if inspect.isclass(cls) and issubclass(cls, Exception) and cls.__module__ == errors.__name__
    }


def identifier(file):
    return str(file.relative_to(SOURCE))


def calls(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def test_the_drawn_tree_of_errors_is_the_real_one():
    real = {
        name: next((base.__name__ for base in cls.__mro__[1:] if base.__name__ in error_classes()), None)
        for name, cls in error_classes().items()
    }
    assert drawn_tree() == real


def test_every_kind_of_error_has_a_code_of_its_own():
    codes = [cls.code for cls in error_classes().values()]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in codes)


def test_errors_are_defined_in_one_place():
    elsewhere = [
        f"{identifier(file)}:{node.lineno} {node.name}"
        for file in FILES
        if file.name != "errors.py"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and node.name.endswith("Error")
    ]
    assert elsewhere == []


@pytest.mark.parametrize("file", FILES, ids=identifier)
def test_everything_public_has_a_docstring(file):
    tree = ast.parse(file.read_text(encoding="utf-8"))
    missing = [] if ast.get_docstring(tree) else ["the module"]

    def look(body, prefix=""):
        for node in body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or node.name.startswith("_"):
                continue
            names = {getattr(d, "attr", getattr(d, "id", "")) for d in node.decorator_list}
            if not ast.get_docstring(node) and not names & {"overload", "setter"}:
                missing.append(prefix + node.name)
            if isinstance(node, ast.ClassDef):
                look(node.body, f"{node.name}.")

    look(tree.body)
    assert missing == []


@pytest.mark.parametrize("file", FILES, ids=identifier)
def test_no_pickle_and_no_code_from_data(file):
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = []
    for node in ast.walk(tree):
        modules = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        found += [module for module in modules if module.split(".")[0] in FORBIDDEN_MODULES]
    for call in calls(tree):
        name = getattr(call.func, "id", None)
        if name in {"eval", "exec", "compile", "__import__"}:
            found.append(name)
        found += [f"{key.arg}=" for key in call.keywords if key.arg in {"allow_pickle", "shell"} and not is_false(key)]
    assert found == []


def is_false(keyword):
    return isinstance(keyword.value, ast.Constant) and keyword.value.value is False


@pytest.mark.parametrize("file", FILES, ids=identifier)
def test_type_errors_are_ignored_only_by_code_and_with_a_reason(file):
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if "type: ignore" in line:
            assert re.search(r"# type: ignore\[[a-z-]+(, ?[a-z-]+)*\]  # \w+", line), f"line {number}"


def test_mypy_is_strict_without_exemptions():
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]
    assert settings["strict"] is True
    assert set(settings) <= {"strict", "python_version", "files"}


def test_every_import_is_a_declared_dependency():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
    ]
    names = {re.split(r"[\[<>=! ]", line)[0].lower().replace("-", "_") for line in declared}
    names |= {"sklearn" if name == "scikit_learn" else name for name in names}
    import sys

    unknown = {
        f"{identifier(file)}: {module}"
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        for module in (
            [alias.name.split(".")[0] for alias in node.names]
            if isinstance(node, ast.Import)
            else [(node.module or "").split(".")[0]]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        if module not in names and module not in sys.stdlib_module_names and module != "quickstudy"
    }
    assert unknown == set()
