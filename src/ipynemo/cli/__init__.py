"""The command line: `ipynemo explain | resume | serve | lab`.

Exit status 0, or 1 with one line on standard error, or 2 for a wrong command line, or 130 after Ctrl-C.
"""

from ipynemo.cli.app import main

__all__ = ["main"]
