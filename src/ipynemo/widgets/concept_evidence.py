"""EvidenceCard: what a picture's file says about how it was made, on three levels - and who says so."""

from __future__ import annotations

import os
from typing import Any, ClassVar, Final

import traitlets

from ipynemo.concepts.evidence import Evidence
from ipynemo.concepts.telling import words
from ipynemo.errors import InvalidRequestError
from ipynemo.widgets._base import Face
from ipynemo.widgets._evidence_view import (
    EVIDENCE_WORDS,
    evidence_html,
    evidence_text,
    evidence_view,
    read_evidence,
)
from ipynemo.widgets._pictures import PICTURE_WORDS, Pictures, as_jpeg, data_url, given, shrunk
from ipynemo.widgets._saved import escaped
from ipynemo.widgets._static import module, style
from ipynemo.widgets._words import Words

__all__ = ["EvidenceCard"]

THUMB_PX: Final = 320
SAVED_PX: Final = 200


class EvidenceCard(Face):
    """What a file states about how it was made: signed, stated or none, and who says so. It never guesses.

    A prompt that is in the file is shown only when it is asked for, and is never kept in the notebook.

    Parameters
    ----------
    picture : path, array or picture of the tiny model, optional
        The original file: a copy that was saved again has lost some of it. It may also be set later.
    trust : path or str, optional
        Certificates (PEM) of authorities that are trusted to know a signer; see `ipynemo.evidence`.

    Attributes
    ----------
    evidence : Evidence or None
        What was found; None where there is no file. Observable.
    """

    _esm = module("concept_evidence.js")
    _css = style("concept_evidence.css")

    WORDS: ClassVar[Words] = {
        "en": {
            **PICTURE_WORDS["en"],
            **EVIDENCE_WORDS["en"],
            "name": "What can this file tell us?",
            "rule": "We look for evidence, not guesses.",
            "alt": "The picture {name}",
            "unseen": "cannot be shown here",
            "show": "Show it here",
            "hide": "Hide it",
        },
        "zh": {
            **PICTURE_WORDS["zh"],
            **EVIDENCE_WORDS["zh"],
            "name": "这个文件能告诉我们什么？",
            "rule": "我们找证据，不猜测。",
            "alt": "图片 {name}",
            "unseen": "这里无法显示",
            "show": "在这里显示",
            "hide": "收起",
        },
    }

    picture = traitlets.Any(None)
    trust = traitlets.Any(None)
    evidence: Evidence | None = traitlets.Any(None).tag(outgoing=True)  # type: ignore[assignment]
    view = traitlets.Dict().tag(sync=True, outgoing=True)

    def __init__(self, picture: Any = None, *, session: Any = None, **traits: Any) -> None:
        self._pictures = Pictures()
        super().__init__(session, picture=picture, **traits)
        self._look()

    @traitlets.validate("picture")
    def _valid_picture(self, proposal: Any) -> Any:
        return given(proposal["value"], "EvidenceCard", unseen=True)

    @traitlets.validate("trust")
    def _valid_trust(self, proposal: Any) -> Any:
        if proposal["value"] is not None and not isinstance(proposal["value"], (str, os.PathLike)):
            raise InvalidRequestError("trust is a file of certificates, or their text.")
        return proposal["value"]

    @traitlets.observe("picture", "trust")
    def _picture_changed(self, _change: Any) -> None:
        if hasattr(self, "comm"):
            self._look()

    @traitlets.observe("language")
    def _other_words(self, _change: Any) -> None:
        self._show()

    def _look(self) -> None:
        picture = self.picture
        found = read_evidence(picture, self.trust) if picture is not None else None
        seen = picture is not None and picture.pixels.size > 0
        self._pictures.put({"picture": as_jpeg(shrunk(picture.pixels, THUMB_PX))} if seen else {})
        self.evidence = found
        self._show()

    def _show(self) -> None:
        picture = self.picture
        if picture is None:
            self.view = {"key": "", "empty": self._say("no_picture", call='EvidenceCard("robot.png")')}
        else:
            size = self._say("size", width=f"{picture.width_px:,}", height=f"{picture.height_px:,}")
            size = size if picture.pixels.size else self._say("unseen")
            kind = self.evidence.format.upper() if self.evidence is not None else ""
            self.view = {
                "key": self._pictures.key,
                "name": picture.name or self._say("array"),
                "is_seen": picture.pixels.size > 0,
                "facts": " · ".join(part for part in (kind, size) if part),
                **evidence_view(self.evidence, self.language, self.words),
            }
        self._renew_saved()

    def _receive(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        if content.get("kind") == "ask":
            self._pictures.push(self._push)
        elif content.get("kind") == "prompt" and self.evidence is not None:
            negative = words(self.language, "note", "negative_title")
            texts = [
                record.prompt + (f"\n\n{negative}: {record.negative}" if record.negative else "")
                for record in self.evidence.records
                if record.prompt
            ]
            self._push({"kind": "prompt", "texts": list(dict.fromkeys(texts))})

    def _fallback_text(self) -> str:
        if self.picture is None:
            return f"{self._say('name')} {self._say('no_picture', call='EvidenceCard(…)')}"
        return f"{self.view['name']} · {self.view['facts']}\n{evidence_text(self.view)}"

    def _fallback_html(self) -> str:
        if self.picture is None:
            return super()._fallback_html()
        image = ""
        if self.view["is_seen"]:
            thumb = data_url(as_jpeg(shrunk(self.picture.pixels, SAVED_PX)))
            alt = escaped(self._say("alt", name=self.view["name"]))
            image = f'<img src="{thumb}" alt="{alt}" style="max-width:100%">'
        return (
            f"<p><strong>{escaped(self._say('name'))}</strong> {escaped(self._say('rule'))}</p>"
            f"{image}<p>{escaped(self.view['name'])} · {escaped(self.view['facts'])}</p>"
            f"{evidence_html(self.view, self.words)}"
        )
