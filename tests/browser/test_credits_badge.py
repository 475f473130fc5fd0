"""The smallest widget in a real JupyterLab: it shows itself, and leaves something for pages without a kernel."""

from __future__ import annotations

import pytest
from browser_lab import NotebookOpener, NotebookPage
from playwright.sync_api import expect

BADGE = """
import ipynemo
from ipynemo.widgets import CreditsBadge
nemo = ipynemo.Nemo("local")
CreditsBadge(nemo.session("abc"), language="en")
"""


@pytest.fixture
def badge(notebook: NotebookOpener) -> NotebookPage:
    page = notebook([BADGE])
    page.run_all()
    return page


def test_the_badge_says_that_this_computer_costs_nothing(badge: NotebookPage) -> None:
    expect(badge.page.locator(".nemo-credits-text")).to_have_text("Free — runs on this computer")
    expect(badge.page.locator(".nemo-saved")).to_be_hidden()
    expect(badge.page.locator(".nemo-error")).to_be_hidden()
    badge.screenshot("credits-free", badge.outputs())
    assert badge.accessibility(".nemo-credits") == []


def test_a_reopened_notebook_with_a_new_kernel_shows_the_saved_form_alone(badge: NotebookPage) -> None:
    badge.save()
    badge.shutdown_kernel()
    badge.open()
    badge.ready()
    badge.page.get_by_text("model not found").wait_for(state="attached")
    expect(badge.page.locator(".nemo-saved")).to_have_text("Free — runs on this computer")
    expect(badge.page.get_by_text("model not found")).to_be_hidden()
    badge.screenshot("credits-reopened")
