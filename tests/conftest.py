"""What holds for all tests."""

import os
import signal

import pytest
from hypothesis import HealthCheck, settings

# No deadlines: the machines are shared, and a slow example is not a wrong one. On CI the same examples every time.
settings.register_profile(
    "ipynemo", deadline=None, derandomize=bool(os.environ.get("CI")), suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ipynemo")

# A shell starts what it puts in the background with interrupts ignored, and every child inherits that; the tests of
# Ctrl-C need them heard.
signal.signal(signal.SIGINT, signal.default_int_handler)


# A file stays in one process (`--dist=loadfile`), so the long ones come first: else one of them is still at work when
# the other process has nothing left to do.
LONG_FILES = (
    *("test_wheel.py", "test_studio_page.py", "test_notebooks.py", "test_exporter_player.py", "test_cli.py"),
    *("test_uploader.py", "test_kernels.py", "test_chat.py", "test_two_servers.py", "test_servers_together.py"),
    *("test_openapi_contract.py", "test_timeline_page.py", "test_exporter.py", "test_lint.py", "test_concepts_page.py"),
    "test_lessons.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long files first, the longest at the head; the order within a file stays."""
    rank = {name: place for place, name in enumerate(LONG_FILES)}
    items.sort(key=lambda item: rank.get(item.path.name, len(LONG_FILES)))
