"""What holds for all tests."""

import os
import signal

from hypothesis import HealthCheck, settings

# No deadlines: the machines are shared, and a slow example is not a wrong one. On CI the same examples every time.
settings.register_profile(
    "ipynemo", deadline=None, derandomize=bool(os.environ.get("CI")), suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ipynemo")

# A shell starts what it puts in the background with interrupts ignored, and every child inherits that; the tests of
# Ctrl-C need them heard.
signal.signal(signal.SIGINT, signal.default_int_handler)
