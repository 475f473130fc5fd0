"""The page about access is true: its examples are run."""

from __future__ import annotations

import doctest
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "access.md"


def test_the_examples_of_the_page_are_true() -> None:
    tried = doctest.testfile(str(PAGE), module_relative=False)
    assert (tried.failed, tried.attempted) == (0, 15)
