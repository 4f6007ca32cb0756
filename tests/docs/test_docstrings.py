"""The examples in docstrings run; of the installed package, wherever it is."""

import doctest
import importlib
import pkgutil

import pytest

import quickstudy

OPTIONAL = ("quickstudy.adapters.",)
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(quickstudy.__path__, "quickstudy.")
    if not module.name.startswith(OPTIONAL) and not module.name.endswith("__main__")
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples():
    finder = doctest.DocTestFinder()
    count = sum(bool(test.examples) for name in MODULES for test in finder.find(importlib.import_module(name)))
    assert count >= 5
