"""What the calls take and give, as the OpenAPI document shows it: a superset of what the protocol's sources say."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

__all__ = [
    "ErrorAnswer",
    "NewSession",
    "RenderAnswer",
    "RenderOrder",
    "SessionAnswer",
    "TurnOrder",
]

ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.:-]*$"  # safe in a path and in a file name

Id = Annotated[str, StringConstraints(pattern=ID_PATTERN, min_length=1, max_length=64)]
RenderId = Annotated[str, StringConstraints(pattern=ID_PATTERN, min_length=1, max_length=128)]
Line = Annotated[str, StringConstraints(pattern=r"^[^\x00]*\S[^\x00]*$", min_length=1, max_length=200)]
Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$", max_length=35)]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]+$", max_length=8192)]

MAX_MESSAGE = 20_000  # characters
MAX_PARTS = 20
MAX_URLS = 10

# A draft with something in it: at least one track with at least one segment.
HAS_SEGMENT: dict[str, Any] = {
    "required": ["t"],
    "properties": {
        "t": {
            "type": "array",
            "contains": {
                "type": "object",
                "required": ["sg"],
                "properties": {"sg": {"type": "array", "minItems": 1}},
            },
        }
    },
}


class Order(BaseModel):
    """What a client sends. Keys that we do not know are for others, and ignored."""

    model_config = ConfigDict(extra="ignore", strict=True)


class NewSession(Order):
    """The body of a new session."""

    task_name: Line = "project"
    language: Language = "en"


class ClaimOrder(Order):
    """The body of a browser link's token."""

    task_id: Id
    session_id: Id


class UrlUpload(Order):
    """An upload of files that the backend fetches itself."""

    urls: Annotated[list[Url], Field(min_length=1, max_length=MAX_URLS)]
    source_type: Literal["url"] = "url"


class OutputOrder(Order):
    """What an export makes."""

    format: Literal["mp4"] = "mp4"
    quality: Literal["low", "medium", "high"] = "high"


class RenderOrder(Order):
    """The body of an export; the draft is rendered as it is sent."""

    id: RenderId
    session_id: Id = Field(alias="sessionId")
    draft: Annotated[dict[str, Any], Field(json_schema_extra=HAS_SEGMENT)]
    output: OutputOrder = OutputOrder()


class Part(Order):
    """A piece of a message."""

    text: Annotated[str, StringConstraints(pattern=r"^[^\x00]*\S[^\x00]*$", max_length=MAX_MESSAGE)]


class NewMessage(Order):
    """What the user says."""

    role: Literal["user"] = "user"
    parts: Annotated[list[Part], Field(min_length=1, max_length=MAX_PARTS)]


class TurnOrder(Order):
    """The body of a chat turn."""

    app_name: Literal["nemo_agent"]
    user_id: Id
    session_id: Id
    new_message: NewMessage


class DraftOrder(Order):
    """A draft that the user edited."""

    draft: dict[str, Any]


class PreviewOrder(Order):
    """A moment of a draft, or a range of at most a minute; without a draft, of the session's own."""

    at_s: float = Field(0.0, ge=0, le=1e6, strict=False)
    from_ms: int | None = Field(None, ge=0, le=10**9)
    to_ms: int | None = Field(None, ge=1, le=10**9)
    height_px: int = Field(360, ge=64, le=1080)
    draft: dict[str, Any] | None = None


class ErrorAnswer(BaseModel):
    """An error: the protocol's code beside the HTTP status, and what to try in the message."""

    code: int
    message: str
    data: dict[str, Any]
    success: Literal[False]


class Answer(BaseModel):
    """The envelope of a success."""

    code: Literal[0] = 0
    message: Literal["success"] = "success"


class Health(BaseModel):
    """That the server is alive."""

    status: Literal["ok"] = "ok"
    version: str


class TokenData(BaseModel):
    """An anonymous user."""

    token: str
    user_id: str
    expires_at: str
    credits: int


class TokenAnswer(Answer):
    """The answer of anonymous-token."""

    data: TokenData


class SessionData(BaseModel):
    """A new session."""

    task_id: str
    session_id: str
    user_id: str
    expires_at: str


class SessionAnswer(Answer):
    """The answer of with-session."""

    data: SessionData


class ClaimData(BaseModel):
    """A token for a browser link; `expires_in` is in seconds."""

    claim_token: str
    expires_in: int


class ClaimAnswer(Answer):
    """The answer of claim-token."""

    data: ClaimData


class CreditsData(BaseModel):
    """A user's credits."""

    available: int
    frozen: int
    total: int


class CreditsAnswer(Answer):
    """The answer of the balance."""

    data: CreditsData


class FileData(BaseModel):
    """An uploaded file; `duration` is in seconds, `hash` is SHA-256, `id` is what a draft's `src` names."""

    id: str
    filename: str
    file_type: Literal["video", "image", "audio"]
    cdn_url: str
    duration: float | None
    width: int | None
    height: int | None
    fps: float | None
    hash: str
    size: int


class UploadData(BaseModel):
    """What has arrived; the state knows it already."""

    files: list[FileData]
    session_state_applied: Literal[True] = True


class UploadAnswer(Answer):
    """The answer of an upload."""

    data: UploadData


class MessageData(BaseModel):
    """Something that was said in a session."""

    role: Literal["user", "model"]
    text: str


class State(BaseModel):
    """The state of a session; `messages` is the end of the talk, oldest first, long texts cut."""

    draft: dict[str, Any]
    video_infos: list[FileData]
    canvas_config: dict[str, Any]
    generated_media: list[dict[str, Any]]
    video_analyses: list[dict[str, Any]]
    messages: list[MessageData]
    timeline_version: int


class StateData(BaseModel):
    """The state, and whose it is."""

    state: State
    session_id: str
    task_name: str
    language: str


class DraftData(BaseModel):
    """What has been kept."""

    draft: dict[str, Any]
    timeline_version: int


class DraftAnswer(Answer):
    """The answer of a saved draft."""

    data: DraftData


class StateAnswer(Answer):
    """The answer of the state."""

    data: StateData


RenderStatus = Literal["pending", "processing", "completed", "failed", "cancelled"]


class OutputData(BaseModel):
    """The clip; `url` needs no header, and works for a while."""

    url: str
    format: Literal["mp4"] = "mp4"
    size: int | None
    duration: float | None
    width: int | None
    height: int | None


class RenderData(BaseModel):
    """An export, in the shape where everything is inside `data`."""

    id: str
    session_id: str = Field(serialization_alias="sessionId")
    status: RenderStatus
    progress: float
    output: OutputData | None
    output_url: str | None = Field(serialization_alias="outputUrl")
    error: str | None
    queue_position: int = Field(serialization_alias="queuePosition")


class RenderAnswer(Answer):
    """An export, in both shapes of the protocol at once."""

    success: Literal[True] = True
    id: str
    status: RenderStatus
    progress: float
    output: OutputData | None
    error: str | None
    data: RenderData


class PreviewData(BaseModel):
    """A moment, drawn."""

    jpeg: str
    at_s: float


class PreviewAnswer(Answer):
    """The answer to a preview."""

    data: PreviewData
