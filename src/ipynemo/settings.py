"""What comes from outside: environment, folders, and every default with its unit."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from ipynemo.errors import InvalidRequestError

__all__ = [
    "DEFAULT_API_URL",
    "DEFAULT_LANGUAGE",
    "DEFAULT_WEB_URL",
    "SIGN_CERTIFICATE_VARIABLE",
    "SIGN_KEY_VARIABLE",
    "Settings",
    "Timing",
    "check_scheduler",
    "config_dir",
    "data_dir",
    "has_threads",
    "skill_platform",
    "user_language",
]

DEFAULT_API_URL = "https://mega-api-prod.nemovideo.ai"
DEFAULT_WEB_URL = "https://nemovideo.com"
DEFAULT_LANGUAGE = "en"
SIGN_CERTIFICATE_VARIABLE = "IPYNEMO_SIGN_CERTIFICATE"  # both name files, in PEM form
SIGN_KEY_VARIABLE = "IPYNEMO_SIGN_KEY"
SKILL_SOURCE = "what-is-ai-image"
SKILL_VERSION = "1.0.0"


@dataclass(frozen=True)
class Timing:
    """Every wait of the client, in seconds, so that tests run them in milliseconds.

    Parameters
    ----------
    connect_s : float
        To reach the backend.
    still_working_s : float
        Of silence in a turn before `StillWorking` is told, and between two of them.
    idle_limit_s : float
        Of a turn with nothing but heartbeats; also the longest time without a byte in any other answer.
    turn_limit_s : float
        Of a whole turn.
    recovery_first_s, recovery_every_s : float
        After a broken stream: before the first look at the state, and between the next ones.
    recovery_polls : int
        How many looks.
    retry_after_default_s, retry_after_max_s : float
        The wait after HTTP 429 that names none, and the longest that is obeyed.
    render_poll_s, render_poll_max_s, render_limit_s : float
        The first and the longest wait between two looks at a render, and the limit for all of it.
    read_tries : int
        How often a read is tried in all.
    read_backoff_s, read_budget_s : float
        The scale of the jittered wait between tries of a read, and the limit for all of them.
    """

    connect_s: float = 10.0
    still_working_s: float = 120.0
    idle_limit_s: float = 600.0
    turn_limit_s: float = 900.0
    recovery_first_s: float = 30.0
    recovery_every_s: float = 60.0
    recovery_polls: int = 5
    retry_after_default_s: float = 30.0
    retry_after_max_s: float = 120.0
    render_poll_s: float = 0.5
    render_poll_max_s: float = 10.0
    render_limit_s: float = 900.0
    read_tries: int = 4
    read_backoff_s: float = 0.5
    read_budget_s: float = 60.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not value >= 0:
                raise InvalidRequestError(f"Timing.{name} is {value!r}.", hint="It must be 0 or more.")


def config_dir() -> Path:
    """Return the folder that the vendor's tools share for the client id and the anonymous token."""
    return Path.home() / ".config" / "nemovideo"


def data_dir(environ: Mapping[str, str] | None = None) -> Path:
    """Return the folder for sessions, pictures and clips: `IPYNEMO_DATA_DIR`, else the platform's place for it."""
    env = os.environ if environ is None else environ
    if env.get("IPYNEMO_DATA_DIR"):
        return Path(env["IPYNEMO_DATA_DIR"]).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("ipynemo", appauthor=False))


def skill_platform(environ: Mapping[str, str] | None = None, install_path: str | None = None) -> str:
    """Return the value of `X-Skill-Platform`: `SKILL_SOURCE`, else what the install path tells, else `unknown`."""
    env = os.environ if environ is None else environ
    if env.get("SKILL_SOURCE"):
        return env["SKILL_SOURCE"]
    path = (install_path or str(Path(__file__).resolve())).replace("\\", "/")
    if "/.clawhub/" in path:
        return "clawhub"
    if "/.cursor/skills/" in path:
        return "cursor"
    return "unknown"


@dataclass(frozen=True)
class Settings:
    """What the environment says, read once.

    Parameters
    ----------
    api_url, token, client_id : str or None
        `NEMO_API_URL`, `NEMO_TOKEN`, `NEMO_CLIENT_ID`; None where unset or empty.
    web_url : str
        `NEMO_WEB_URL`, without a trailing slash.
    platform : str
        The value of the header `X-Skill-Platform`.
    """

    api_url: str | None = None
    web_url: str = DEFAULT_WEB_URL
    token: str | None = field(default=None, repr=False)
    client_id: str | None = None
    platform: str = "unknown"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the environment."""
        env = os.environ if environ is None else environ
        return cls(
            api_url=(env.get("NEMO_API_URL") or "").strip().rstrip("/") or None,
            web_url=(env.get("NEMO_WEB_URL") or DEFAULT_WEB_URL).strip().rstrip("/"),
            token=(env.get("NEMO_TOKEN") or "").strip() or None,
            client_id=(env.get("NEMO_CLIENT_ID") or "").strip() or None,
            platform=skill_platform(env),
        )


def user_language(environ: Mapping[str, str] | None = None) -> str:
    """Return the user's language as a two-letter code, from the locale's variables; English where they say none."""
    env = os.environ if environ is None else environ
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        code = env.get(name, "").split(".")[0].replace("_", "-").split("-")[0].lower()
        if len(code) in (2, 3) and code.isalpha():
            return code
    return DEFAULT_LANGUAGE


def has_threads() -> bool:
    """Return whether this Python can start threads; in the browser (JupyterLite) it cannot."""
    return sys.platform != "emscripten"


def check_scheduler(address: str) -> None:
    """Look at the address of a Dask scheduler.

    Raises
    ------
    InvalidRequestError
        It is none, or holds more than host and port.
    """
    try:
        parts = urlsplit(address)
        whole = parts.scheme in {"tcp", "tls"} and parts.hostname and parts.port
        more = "@" in parts.netloc or parts.path.strip("/") or parts.query
    except (ValueError, AttributeError, TypeError):
        whole, more = None, ""
    if not whole or more:
        raise InvalidRequestError(f"{address!r} is no scheduler.", hint="Use tcp://host:8786, or tls://host:8786.")
