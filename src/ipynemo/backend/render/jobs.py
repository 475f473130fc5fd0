"""A render as one line of JSON: what the server writes to a worker process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ipynemo.draft import Draft
from ipynemo.errors import DraftError, RenderFailedError

__all__ = ["RenderJob"]


@dataclass(frozen=True, slots=True)
class RenderJob:
    """One render: a draft, the files by asset id, where the film goes, and how good it is to be.

    `cache` is a folder that keeps finished parts, and `workers` says how many processes to use; see `render`.
    """

    draft: Draft
    out: Path
    assets: Mapping[str, Path] = field(default_factory=dict)
    quality: str = "high"
    cache: Path | None = None
    workers: int | None = None

    def to_json(self) -> str:
        """Return the job as one line, without its end."""
        return json.dumps(
            {
                "draft": self.draft.raw,
                "assets": {key: str(path) for key, path in self.assets.items()},
                "out": str(self.out),
                "quality": self.quality,
                "cache": None if self.cache is None else str(self.cache),
                "workers": self.workers,
            }
        )

    @classmethod
    def from_json(cls, line: str | bytes) -> RenderJob:
        """Read a job.

        Raises
        ------
        RenderFailedError
            The line is no job.
        """
        try:
            given = json.loads(line)
            draft, out = Draft(given["draft"]), Path(given["out"])
            assets = {str(key): Path(path) for key, path in given.get("assets", {}).items()}
            cache = Path(given["cache"]) if given.get("cache") is not None else None
            workers = int(given["workers"]) if given.get("workers") is not None else None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, DraftError) as error:
            raise RenderFailedError(f"This is no render job: {error or type(error).__name__}.") from error
        return cls(draft, out, assets, str(given.get("quality", "high")), cache, workers)
