"""Tools that only look: what a file states about itself."""

from typing import Literal

from ipynemo.backend.agent.registry import Done, tool
from ipynemo.backend.agent.situation import Situation
from ipynemo.concepts.evidence import Evidence, evidence
from ipynemo.concepts.telling import answer
from ipynemo.draft.summary import plain
from ipynemo.errors import DraftError, InvalidRequestError

__all__ = ["read_file_evidence"]

MAX_CLAIMS = 30


@tool
def read_file_evidence(
    situation: Situation,
    asset: str,
    language: Literal["en", "zh"] = "en",
    question: Literal["made", "real", "model", "signer"] = "made",
) -> Done:
    """Read what a file states about how it was made, as in: was this made by AI, which model, who signed it."""
    found = next((a for a in situation.assets if a.id == asset), None)
    if found is None or found.kind == "audio":
        raise DraftError(f"No picture {asset!r} was uploaded.")
    try:
        read = found.evidence or evidence(found.path)
    except InvalidRequestError as error:
        raise DraftError(str(error)) from None
    read = Evidence(plain(found.name, 60), read.format, read.statements)  # the name that the user knows it by
    facts = {
        "name": read.name,
        "level": read.level,
        "signature": read.signature,
        "claims": [row["says"] for row in read.rows(language)[:MAX_CLAIMS]],
        "conflict": bool(read.conflicts),
        "prompt_record": bool(read.records),
        "answer": answer(read, question, language),
    }
    return Done(None, facts)
