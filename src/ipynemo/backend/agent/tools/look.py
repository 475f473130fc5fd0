"""Tools that only look: what a file states about itself."""

from typing import Literal

from ipynemo.backend.agent.registry import Done, tool
from ipynemo.backend.agent.situation import Situation
from ipynemo.backend.explain import read_evidence, script_for
from ipynemo.draft.summary import plain
from ipynemo.errors import DraftError

__all__ = ["read_file_evidence"]


@tool
def read_file_evidence(situation: Situation, asset: str, language: Literal["en", "zh"] = "en") -> Done:
    """Read what a picture's file states about how it was made, as in: was this made by AI."""
    found = next((a for a in situation.assets if a.id == asset), None)
    if found is None or found.kind != "image":
        raise DraftError(f"No picture {asset!r} was uploaded.")
    evidence, script = read_evidence(found.path), script_for(language)
    claims = [claim.spoken(script) for claim in evidence.claims]
    facts = {"name": plain(found.name, 60), "level": evidence.level, "claims": claims, "conflict": evidence.conflict}
    return Done(None, facts | {"prompt_record": any(c.kind == "record" for c in evidence.claims)})
