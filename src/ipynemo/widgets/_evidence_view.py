"""Evidence as the widgets show it: plain values in the widget's language, and the form that stays. Never a prompt."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ipynemo.concepts.evidence import Evidence, evidence
from ipynemo.concepts.telling import head, notes, words
from ipynemo.widgets._pictures import Given
from ipynemo.widgets._saved import escaped

__all__ = ["EVIDENCE_WORDS", "evidence_html", "evidence_text", "evidence_view", "read_evidence"]

MAX_ROWS: Final = 40
_CELL = "text-align:left;vertical-align:top;padding:.2em 1em .2em 0;white-space:normal;overflow-wrap:anywhere"

EVIDENCE_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "level": "Level",
        "who": "Who says so?",
        "says": "What is said",
        "nothing": "nothing found",
        "nobody": "nobody",
        "unfiled": "These are pixels without a file, so nothing can be said about how they were made. Give the path of "
        "the original file.",
    },
    "zh": {
        "level": "级别",
        "who": "谁说的？",
        "says": "说了什么",
        "nothing": "没有找到任何说明",
        "nobody": "没有人",
        "unfiled": "这里只有像素，没有文件，所以无法说明它是怎样做出来的。请给出原始文件的路径。",
    },
}


def read_evidence(picture: Given, trust: Any = None) -> Evidence | None:
    """Return what a picture's file states; None where there is no file."""
    if picture.path is not None:
        return evidence(picture.path, trust=trust)
    if picture.data is None:
        return None
    with tempfile.TemporaryDirectory(prefix="ipynemo-") as folder:
        path = Path(folder) / picture.name
        path.write_bytes(picture.data)
        return evidence(path, trust=trust)


def evidence_view(found: Evidence | None, language: str, said: Mapping[str, str]) -> dict[str, Any]:
    """Return evidence for the page: `level`, `word`, `head`, `rows`, `notes`, `title` of a prompt that is there."""
    if found is None:
        level, head_text, rows, note_texts = "none", said["unfiled"], [], []
    else:
        level, head_text = found.level, head(found, language)
        rows = [{**row, "word": words(language, "level", row["level"])} for row in found.rows(language)[:MAX_ROWS]]
        note_texts = notes(found, language)
    if not rows:
        word = words(language, "level", "none")
        rows = [{"level": "none", "word": word, "who": said["nobody"], "says": said["nothing"], "kind": "none"}]
    title = ""
    if found is not None and found.prompt:
        certain = any(record.certain and record.prompt for record in found.records)
        title = words(language, "note", "prompt_title" if certain else "texts_title")
    return {
        "level": level,
        "word": words(language, "level", level),
        "head": head_text,
        "rows": rows,
        "notes": note_texts,
        "title": title,
    }


def evidence_html(view: Mapping[str, Any], said: Mapping[str, str]) -> str:
    """Return the view as a table that needs no kernel."""
    heads = "".join(f"<th scope='col' style='{_CELL}'>{escaped(said[key])}</th>" for key in ("level", "who", "says"))
    lines = [
        f"<p style='margin:.4em 0'>{escaped(view['head'])}</p>",
        f"<table style='border-collapse:collapse'><tr>{heads}",
    ]
    lines.append("</tr>")
    for row in view["rows"]:
        gone = f" <strong>{escaped(row['gone'])}</strong>" if row.get("gone") else ""
        says = f"<s>{escaped(row['says'])}</s>{gone}" if gone else escaped(row["says"])
        lines.append(
            f"<tr><th scope='row' style='{_CELL}'>{escaped(row['word'])}</th>"
            f"<td style='{_CELL}'>{escaped(row['who'])}</td><td style='{_CELL}'>{says}</td></tr>"
        )
    lines.append("</table>")
    lines += [f"<p style='margin:.4em 0'>{escaped(note)}</p>" for note in view["notes"]]
    return "".join(lines)


def evidence_text(view: Mapping[str, Any]) -> str:
    """Return the view as text."""
    lines = [view["head"]]
    lines += [
        f"- {row['word']} · {row['who']}: {row['says']}" + (f" ({row['gone']})" if row.get("gone") else "")
        for row in view["rows"]
    ]
    return "\n".join([*lines, *view["notes"]])
