"""Evidence: what one file states about how it was made, in three levels, with who says it - and never a verdict.

Signed, stated, none. A file can carry both a camera's name and an AI label: then both are shown. That nothing is found
says nothing, because labels are removed as easily as they are invented.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ipynemo.concepts import metadata
from ipynemo.concepts.credentials import INVALID, ONLINE
from ipynemo.concepts.kinds import AI_KINDS, CAMERA_FIELDS, CAMERA_KINDS, kind_of
from ipynemo.concepts.plain import statement_dict, statement_from
from ipynemo.concepts.statements import Record, Statement, clean
from ipynemo.errors import InvalidRequestError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TRUST_VARIABLE", "Evidence", "Question", "evidence", "evidence_frame"]

TRUST_VARIABLE = "IPYNEMO_TRUST_ANCHORS"  # a file of certificates (PEM)
MAX_TRUST_BYTES = 16 << 20  # the public lists have a few hundred KB
SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff", ".avif", ".heic", ".heif", ".mp4", ".mov", ".m4v"}
)

_PACKAGES = {"c2pa": "c2pa-python", "defusedxml": "defusedxml", "PIL": "pillow"}

COLUMNS = (
    "file", "format", "level", "signature", "signer", "source_types", "generators", "models", "camera", "software",
    "says",
)  # fmt: skip

Question = Literal["made", "real", "model", "signer"]
Conflict = Literal["camera_ai", "art_ai", "generators"]


@dataclass(frozen=True)
class Evidence:
    """What one file states about how it was made.

    `print(evidence)` tells it in English and `evidence.text("zh")` in Chinese; as the last line of a cell it shows
    itself. A prompt is the user's own: `prompt` holds it, a notebook shows it folded away, and nothing else does.

    Parameters
    ----------
    name : str
        The file's name.
    format : str
        "png", "jpeg", "webp", "gif", "tiff", "heif", "avif", "mp4", "mov", "avi", "wav", "mp3"; "" where none of these.
    statements : tuple of Statement
        Everything that was found, the signed ones first.

    Examples
    --------
    >>> import ipynemo
    >>> evidence = ipynemo.evidence("robot.png")  # doctest: +SKIP
    >>> evidence.level, evidence.signer, evidence.generators  # doctest: +SKIP
    ('stated', None, ('ComfyUI',))
    """

    name: str
    format: str
    statements: tuple[Statement, ...] = ()

    # -- what is there -------------------------------------------------------------------------------------------------

    @property
    def level(self) -> Literal["signed", "stated", "none"]:
        """The strongest level that there is: "signed", "stated" or "none"."""
        if any(statement.level == "signed" for statement in self.statements):
            return "signed"
        return "stated" if any(kind_of(statement) != "broken" for statement in self.statements) else "none"

    @property
    def signer(self) -> str | None:
        """The name under which the record was signed, also where the record does not fit; who that is, is open."""
        return next((s.value for s in self.statements if s.field == "signer"), None)

    @property
    def signature(self) -> Literal["trusted", "unknown", "misfit", "invalid", "online"] | None:
        """What the signed record is worth.

        "trusted": it fits, and an authority on the list given vouches for the signer. "unknown": it fits, and nobody
        vouches. "misfit": the file or the record was changed since. "invalid": the signature or the certificate does
        not hold. "online": it is stored elsewhere and was not read. None: there is none that can be read.
        """
        for statement in self.statements:
            if statement.field == "signer" and statement.level == "signed":
                return "trusted" if statement.trusted else "unknown"
            if statement.source == "C2PA" and statement.field == "record":
                return "online" if statement.value == ONLINE else "invalid" if statement.value == INVALID else "misfit"
        return None

    @property
    def source_types(self) -> tuple[str, ...]:
        """The IPTC digital source types that are named, such as "trainedAlgorithmicMedia"."""
        return self._values(lambda statement, _: statement.field == "DigitalSourceType")

    @property
    def generators(self) -> tuple[str, ...]:
        """The image generators that are named."""
        records = [record.generator for record in self.records]
        named = self._values(lambda statement, kind: kind == "generator" and statement.field != "photoshop:Credit")
        found = tuple(dict.fromkeys([*records, *named]))
        return tuple(name for name in found if name != "image generator") or found  # that one says no name

    @property
    def models(self) -> tuple[str, ...]:
        """The models that the records name."""
        return tuple(dict.fromkeys(record.model for record in self.records if record.model))

    @property
    def camera(self) -> str | None:
        """The camera that is named, without its serial number."""
        fields = ("Make", "Model", "tiff:Make", "tiff:Model")
        named = self._values(lambda statement, kind: kind == "camera" and statement.field in fields)
        return " ".join(sorted(named, key=self._place)) or None

    @property
    def software(self) -> tuple[str, ...]:
        """The software that is named and is no image generator."""
        return self._values(lambda _, kind: kind == "software")

    @property
    def records(self) -> tuple[Record, ...]:
        """What the generators wrote down."""
        return tuple(statement.record for statement in self.statements if statement.record is not None)

    @property
    def prompt(self) -> str | None:
        """The words of the first record that has some; private. See `Record.certain`."""
        found = sorted(self.records, key=lambda record: not record.certain)
        return next((record.prompt for record in found if record.prompt), None)

    @property
    def unreadable(self) -> tuple[str, ...]:
        """What is there and cannot be read, because it is broken or was made to do harm."""
        return self._values(lambda _, kind: kind == "broken")

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """Where the statements contradict each other; all of them are shown, and nothing is decided."""
        kinds = {kind_of(statement) for statement in self.statements}
        found: list[Conflict] = []
        if kinds & AI_KINDS and kinds & CAMERA_KINDS:
            found.append("camera_ai")
        if kinds & AI_KINDS and "art" in kinds:
            found.append("art_ai")
        if len({record.generator for record in self.records} - {"image generator"}) > 1:
            found.append("generators")
        return tuple(found)

    def _values(self, wanted: Any) -> tuple[str, ...]:
        return tuple(dict.fromkeys(s.value for s in self.statements if wanted(s, kind_of(s))))

    def _place(self, value: str) -> tuple[bool, int]:
        field = next(s.field for s in self.statements if s.value == value)
        return (not field.endswith("Make"), CAMERA_FIELDS.index(field))

    # -- how it is shown -----------------------------------------------------------------------------------------------

    def text(self, language: str = "en") -> str:
        """Return it as text, in "en" or "zh", without a prompt."""
        from ipynemo.concepts.telling import told

        return told(self, language)

    def rows(self, language: str = "en") -> list[dict[str, str]]:
        """Return one row a statement: `level`, `who` says it, what it `says`, and its `kind`."""
        from ipynemo.concepts.telling import rows

        return rows(self, language)

    def answer(self, question: Question = "made", language: str = "en") -> str:
        """Return the answer to a question: how it was "made", whether it is "real", which "model", who the "signer"."""
        from ipynemo.concepts.telling import answer

        return ("" if language.lower().startswith("zh") else " ").join(answer(self, question, language))

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        from ipynemo.concepts.showing import evidence_html

        return evidence_html(self)

    # -- as plain values -----------------------------------------------------------------------------------------------

    def to_dict(self, *, private: bool = False) -> dict[str, Any]:
        """Return it as plain values that JSON can hold.

        Parameters
        ----------
        private : bool
            Whether prompts are in it.
        """
        return {
            "name": self.name,
            "format": self.format,
            "level": self.level,
            "signature": self.signature,
            "signer": self.signer,
            "source_types": list(self.source_types),
            "generators": list(self.generators),
            "models": list(self.models),
            "camera": self.camera,
            "software": list(self.software),
            "conflicts": list(self.conflicts),
            "unreadable": list(self.unreadable),
            "statements": [statement_dict(statement, private=private) for statement in self.statements],
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Evidence:
        """Return the evidence that `to_dict` gave; keys of other versions are left aside."""
        return cls(values["name"], values["format"], tuple(map(statement_from, values["statements"])))


def _trust_anchors(trust: str | os.PathLike[str] | None) -> str | None:
    """Return certificates as text, from a file, from text, or from the file that the environment names."""
    given = os.fspath(trust) if trust is not None else os.environ.get(TRUST_VARIABLE, "").strip()
    if not given or "-----BEGIN CERTIFICATE-----" in given:
        return given or None
    path = Path(given).expanduser()
    try:
        with path.open("rb") as file:
            text = file.read(MAX_TRUST_BYTES).decode("utf-8", "replace")
    except OSError as error:
        raise InvalidRequestError(
            f"The trust list {path.name} cannot be read: {error.strerror or error}.",
            hint=f"It is named by trust=… or {TRUST_VARIABLE}.",
        ) from error
    if "-----BEGIN CERTIFICATE-----" not in text:
        raise InvalidRequestError(f"{path.name} holds no certificates.", hint="A trust list is a file in PEM form.")
    return text


@cache
def _missing() -> str:
    """Return the package that is not installed; "" where all are."""
    return next((name for module, name in _PACKAGES.items() if find_spec(module) is None), "")


def evidence(path: str | os.PathLike[str], *, trust: str | os.PathLike[str] | None = None) -> Evidence:
    """Read what a file states about how it was made: offline, in one pass over its original bytes.

    Parameters
    ----------
    path : path
        A picture or a film, as it came: a copy that was saved again has lost some of it.
    trust : path or str, optional
        Certificates (PEM) of authorities that are trusted to know who signed a C2PA record, as a file or as text; else
        the file that `IPYNEMO_TRUST_ANCHORS` names. Without them a signer is somebody whom nobody here can check.

    Returns
    -------
    Evidence
        Also for a broken or hostile file, which then says that it has unreadable parts. Places, serial numbers and the
        names of people are never read.

    Raises
    ------
    InvalidRequestError
        There is no such file, the trust list cannot be read, or a package that reads evidence is missing.
    """
    if missing := _missing():
        # Half a reading would be told as "nothing found".
        raise InvalidRequestError(f"To read evidence, {missing} is needed.", hint='pip install "ipynemo[local]"')
    place = Path(path).expanduser()
    anchors = _trust_anchors(trust)
    try:
        kind, statements = metadata.look(place, trust_anchors=anchors)
    except OSError as error:
        raise InvalidRequestError(f"{place.name} cannot be read: {error.strerror or error}.") from error
    return Evidence(clean(place.name, 120), kind, tuple(statements))


def evidence_frame(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    trust: str | os.PathLike[str] | None = None,
    language: str = "en",
    private: bool = False,
) -> pd.DataFrame:
    """Return the evidence of many files as a table, one row a file.

    Parameters
    ----------
    paths : path or iterable of paths
        Files, or one folder, of which the pictures and films are taken in the order of their names.
    trust : path or str, optional
        As for `evidence`.
    language : {"en", "zh"}
        Of the column `says`.
    private : bool
        Whether there is a column with the prompts.

    Returns
    -------
    DataFrame
        `file`, `format`, `level`, `signature`, `signer`, `source_types`, `generators`, `models`, `camera`, `software`
        (string), `conflict` (bool), `unreadable` (int64, how many parts), `says` (string), and `prompt`
        if that is asked for.
    """
    import numpy as np

    from ipynemo.frames import table

    if isinstance(paths, (str, os.PathLike)):
        folder = Path(paths).expanduser()
        files = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES) if folder.is_dir() else [folder]
    else:
        files = [Path(path) for path in paths]
    found = [evidence(file, trust=trust) for file in files]
    rows = [_row(each, language) for each in found]
    frame = table({column: [row[column] for row in rows] for column in COLUMNS})
    frame.insert(len(COLUMNS) - 1, "conflict", np.array([bool(each.conflicts) for each in found], bool))
    frame.insert(len(COLUMNS), "unreadable", np.array([len(each.unreadable) for each in found], np.int64))
    if private:
        frame["prompt"] = table({"prompt": [each.prompt for each in found]})["prompt"]
    return frame


def _row(found: Evidence, language: str) -> dict[str, str | None]:
    return {
        "file": found.name,
        "format": found.format or None,
        "level": found.level,
        "signature": found.signature,
        "signer": found.signer,
        "source_types": ", ".join(found.source_types) or None,
        "generators": ", ".join(found.generators) or None,
        "models": ", ".join(found.models) or None,
        "camera": found.camera,
        "software": ", ".join(found.software) or None,
        "says": "; ".join(row["says"] for row in found.rows(language)) or None,
    }
