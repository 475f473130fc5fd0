"""What the docstrings of the draft, its frames and its words promise, run as written."""

import doctest
import importlib
import inspect

import pandas as pd
import pytest

MODULES = {
    "ipynemo.draft.values": 2,
    "ipynemo.draft.summary": 5,
    "ipynemo.draft.changes": 1,
    "ipynemo.draft.html": 1,
    "ipynemo.frames": 3,
    "ipynemo.intents.routing": 1,
    "ipynemo.intents.translation": 1,
}


@pytest.mark.parametrize(("name", "count"), MODULES.items())
def test_the_examples_of_a_docstring_are_true(name, count):
    module = importlib.import_module(name)
    with pd.option_context("display.width", 100):
        results = doctest.testmod(module)
    found = [test for test in doctest.DocTestFinder().find(module) if test.examples]
    assert results.failed == 0
    assert len(found) == count, f"{name} has examples in {[test.name for test in found]}"
    assert inspect.getdoc(module)
