"""What a batch came to: a list that shows itself as a page of clips, with what went wrong beside what worked."""

from __future__ import annotations

import html
import os
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ipynemo.client.stills import still_of
from ipynemo.client.transfer import Source, path_of
from ipynemo.client.values import Explained, shown
from ipynemo.errors import InvalidRequestError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Explanations"]

FIRST_SIGHT_S: Final = 1  # a clip fades in from nothing; after a second there is something to see

# As wide as paper and screen allow; names in any script, because the browser draws them.
PAGE: Final = """<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1400px;
  padding: 0 1.5rem; color: #1d2530; }}
h1 {{ font-size: 1.6rem; margin: 0; }}
p {{ color: #5a6472; margin: 0 0 1.5rem; }}
main {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(200px, 1fr)); gap: 1.25rem 1rem; }}
main figure {{ width: auto !important; margin: 0 !important; break-inside: avoid; text-align: center; }}
a {{ color: inherit; text-decoration: none; }}
a:hover, a:focus-visible {{ outline: 3px solid #3b6ef5; outline-offset: 4px; border-radius: 6px; }}
@media print {{ body {{ margin: 0; max-width: none; }} main {{ grid-template-columns: repeat(5, 1fr); }} }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{count}</p>
<main>
{cards}
</main>
</body>
</html>
"""


class Explanations(list[Explained]):
    """The results of `explain_many`, in the order of the pictures.

    Examples
    --------
    >>> results = Explanations([Explained("ada.png", error=NemoError("'ada.png' is empty.", hint="Save it again."))])
    >>> results
    0 of 1 picture has its clip.
      ada.png: 'ada.png' is empty. Save it again.
    >>> results.failed[0].name
    'ada'
    """

    @property
    def done(self) -> Explanations:
        """Those with a clip."""
        return Explanations(result for result in self if result.ok)

    @property
    def failed(self) -> Explanations:
        """Those without."""
        return Explanations(result for result in self if not result.ok)

    def to_frame(self) -> pd.DataFrame:
        """Return a table, one row a picture.

        Returns
        -------
        DataFrame
            `name` (the picture's, without its ending), `picture`, `clip`, `duration_s`, `size_mb`, `problem`,
            `what_to_do`, `session_id`; what does not apply is missing.
        """
        from ipynemo.frames import table

        clips, errors = [result.clip for result in self], [result.error for result in self]
        return table(
            {
                "name": [result.name for result in self],
                "picture": [PurePath(result.source).name for result in self],
                "clip": [clip.path.name if clip else None for clip in clips],
                "duration_s": [clip.duration_s if clip else None for clip in clips],
                "size_mb": [clip.size_bytes / 1e6 if clip else None for clip in clips],
                "problem": [error.message if error else None for error in errors],
                "what_to_do": [error.hint if error else None for error in errors],
                "session_id": [result.session_id for result in self],
            }
        )

    def save_page(self, path: Source = "class.html", *, title: str = "Our pictures, explained") -> Path:
        """Write a contact sheet: a page with a frame of each clip and its name, to look at, to play and to print.

        It needs no network. The frames are in the page; a click on one opens the clip by where it lies from the page,
        so take the clips along. Without the extra `local`, which decodes videos, the page plays the clips themselves.

        Parameters
        ----------
        path : str or path
            The page; one that is there is replaced.
        title : str
            The heading.

        Returns
        -------
        Path
            Where the page is.
        """
        page = path_of(path)
        page = page if page.suffix else page.with_suffix(".html")
        folder = page.absolute().parent
        cards = "\n".join(
            _card(result, _address(result, folder), still=still_of(result.clip.path, FIRST_SIGHT_S))
            for result in self.done
            if result.clip is not None
        )
        try:
            folder.mkdir(parents=True, exist_ok=True)
            page.write_text(PAGE.format(title=shown(title), count=shown(self._count()), cards=cards), encoding="utf-8")
        except OSError as error:
            what = f"The page {page.name!r} cannot be written: {error.strerror or error}."
            raise InvalidRequestError(what, hint="Name another place for it.") from error
        return page

    def _count(self) -> str:
        done, pictures = len(self.done), "picture has its clip" if len(self) == 1 else "pictures have their clips"
        return f"{done} of {len(self)} {pictures}."

    def __repr__(self) -> str:
        return "\n".join(
            [self._count(), *(f"  {PurePath(result.source).name}: {result.error}" for result in self.failed)]
        )

    def _repr_html_(self) -> str:
        cards = "".join(_card(result, result.clip._source()) for result in self.done if result.clip is not None)
        rows = "".join(map(_row, self.failed))
        left = 'style="text-align:left;vertical-align:top"'
        head = f"<tr><th {left}>Picture</th><th {left}>What went wrong</th><th {left}>What to do</th></tr>"
        failed = f"<p><b>Without a clip</b></p><table><thead>{head}</thead><tbody>{rows}</tbody></table>"
        return f"<p><b>{html.escape(self._count())}</b></p>{failed if rows else ''}<div>{cards}</div>"


def _address(result: Explained, folder: Path) -> str | None:
    """Return the clip's address on a page in the folder, escaped; None where it lies on another drive."""
    assert result.clip is not None  # noqa: S101 - of those that are done
    try:
        relative = os.path.relpath(result.clip.path.absolute(), folder)
    except ValueError:
        return None
    return html.escape(quote(os.fsencode(relative.replace(os.sep, "/"))), quote=True)


def _card(result: Explained, source: str | None, *, still: str | None = None) -> str:
    """Return a clip with its name: a frame of it to click on, else the clip itself, where its address is known."""
    clip = result.clip
    assert clip is not None  # noqa: S101 - of those that are done
    name, facts = shown(result.name), f"{clip.duration_s:.0f} s, {clip.size_bytes / 1e6:.1f} MB"
    style = 'style="width:100%;max-height:260px;border-radius:6px"'
    if still is not None:
        picture = f'<img src="{still}" alt="" {style}>'
        inner = f"{picture}<figcaption><b>{name}</b></figcaption>"
        inner = f'<a href="{source}">{inner}</a>' if source else inner
    elif source is not None:
        inner = (
            f'<video controls preload="metadata" src="{source}#t={FIRST_SIGHT_S}" aria-label="{name}" {style}></video>'
            f'<figcaption><a href="{source}" download><b>{name}</b></a> · {facts}</figcaption>'
        )
    else:
        inner = f"<figcaption><b>{name}</b> · {facts}</figcaption>"
    return f'<figure style="display:inline-block;width:260px;margin:0 12px 12px 0;vertical-align:top">{inner}</figure>'


def _row(result: Explained) -> str:
    left = 'style="text-align:left;vertical-align:top"'
    error = result.error
    texts = (PurePath(result.source).name, error.message if error else "", (error.hint if error else None) or "")
    return "<tr>" + "".join(f"<td {left}>{shown(text)}</td>" for text in texts) + "</tr>"
