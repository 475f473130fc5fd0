"""Print the table of evidence: one picture of every kind, made on the spot, and what `ipynemo.evidence` says of it.

    python docs/make_evidence_table.py            as Markdown
    python docs/make_evidence_table.py --zh       what it says, in Chinese

The pictures come from the tests, which expect of each exactly what is printed here. One of the two signers is on the
trust list.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).parents[1] / "tests"
COLUMNS = ("file", "level", "signature", "generators", "models", "camera", "conflict", "unreadable", "says")


def cell(value: object) -> str:
    """Return a value as a cell of a Markdown table."""
    return {"False": "", "True": "yes", "0": ""}.get(str(value), str(value)).replace("|", "\\|")


def main(language: str) -> None:
    """Make the pictures in a folder that goes away again, and print the table."""
    sys.path.insert(0, str(TESTS))
    from evidence_samples import samples
    from ipynemo.concepts.evidence import evidence_frame
    from signing import authority

    by, other = authority(), authority()
    with tempfile.TemporaryDirectory() as folder:
        files = [make(Path(folder) / name) for name, make in samples(by, other).items()]
        frame = evidence_frame(files, trust=by.root, language=language)
    print("| " + " | ".join(COLUMNS) + " |")
    print("| " + " | ".join("---" for _ in COLUMNS) + " |")
    for row in frame[list(COLUMNS)].astype(object).fillna("").itertuples(index=False):
        print("| " + " | ".join(map(cell, row)) + " |")


if __name__ == "__main__":
    main("zh" if "--zh" in sys.argv[1:] else "en")
