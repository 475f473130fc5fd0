"""Says which notebooks hold outputs or execution counts; they are saved without (a pre-commit hook, and a test)."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def leftovers(path: Path) -> list[str]:
    """Return what a notebook holds that it should not, in words."""
    notebook = json.loads(path.read_text("utf-8"))
    found = [f"metadata.{key}" for key in notebook["metadata"] if key not in ("kernelspec", "language_info")]
    for number, cell in enumerate(notebook["cells"], 1):
        if cell["cell_type"] != "code":
            continue
        if cell["outputs"]:
            found.append(f"cell {number} has outputs")
        if cell["execution_count"] is not None:
            found.append(f"cell {number} has an execution count")
    return found


def main() -> int:
    """Look at the notebooks named on the command line."""
    status = 0
    for name in sys.argv[1:]:
        for what in leftovers(Path(name)):
            print(f"{name}: {what}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
