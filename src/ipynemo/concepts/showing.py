"""Evidence in a notebook: a small table that needs no kernel, no script and no network; all text is escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from ipynemo.concepts.telling import head, notes, rows, words

if TYPE_CHECKING:
    from ipynemo.concepts.evidence import Evidence

__all__ = ["evidence_html"]

MAX_ROWS = 30
# Colour is never the only sign: each row says its level in words too. Contrast on both themes is 4.5:1 or more.
_BOX = "max-width:52em;border:1px solid var(--jp-border-color1,#767676);border-radius:4px;padding:.6em .8em;"
_CELL = "text-align:left;vertical-align:top;padding:.15em .8em .15em 0;white-space:normal;overflow-wrap:anywhere"


def evidence_html(found: Evidence, language: str = "en") -> str:
    """Return evidence as HTML; the prompt is folded away."""
    lines = [
        f'<div class="ipynemo-evidence" style="{_BOX}">',
        f"<strong>{escape(found.name)}</strong>",
        f"<p style='margin:.3em 0'>{escape(head(found, language))}</p>",
    ]
    shown = rows(found, language)
    if shown:
        lines.append("<table style='border-collapse:collapse;margin:0'>")
        for row in shown[:MAX_ROWS]:
            level = escape(words(language, "level", row["level"]))
            cells = "".join(f"<td style='{_CELL}'>{escape(row[key])}</td>" for key in ("who", "says"))
            lines.append(f"<tr><th scope='row' style='{_CELL}'>{level}</th>{cells}</tr>")
        lines.append("</table>")
        if len(shown) > MAX_ROWS:
            lines.append(f"<p style='margin:.3em 0'>+ {len(shown) - MAX_ROWS}</p>")
    lines += [f"<p style='margin:.3em 0'>{escape(note)}</p>" for note in notes(found, language)]
    told: list[str] = []
    for record in found.records:
        if record.prompt and record.prompt not in told:  # two records of one generator hold the same words
            told.append(record.prompt)
            title = words(language, "note", "prompt_title" if record.certain else "texts_title")
            body = record.prompt
            if record.negative:
                body += f"\n\n{words(language, 'note', 'negative_title')}: {record.negative}"
            style = "white-space:pre-wrap;overflow-wrap:anywhere;margin:.3em 0"
            lines.append(f"<details><summary>{escape(title)}</summary><p style='{style}'>{escape(body)}</p></details>")
    return "".join([*lines, "</div>"])
