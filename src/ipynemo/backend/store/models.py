"""The tables. Times are seconds since 1970 and drafts are JSON text, so that every database reads them alike."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import BigInteger, Double, ForeignKey, Index, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

__all__ = ["Asset", "Base", "Charge", "Message", "Render", "Session", "Setting", "Token", "User", "Version"]


class Base(DeclarativeBase):
    """The root of the tables."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {float: Double()}  # versions of SQLAlchemy differ here


class User(Base):
    """Somebody with credits. `client_hash` is of an anonymous user's client id; `served_at` see `store.fairness`."""

    __tablename__ = "users"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    client_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    credits_total: Mapped[int]
    created_at: Mapped[float]
    served_at: Mapped[float] = mapped_column(default=0.0, server_default="0")


class Token(Base):
    """An anonymous user's token, as its hash."""

    __tablename__ = "tokens"
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    issued_at: Mapped[float]
    expires_at: Mapped[float]


class Session(Base):
    """A project. `place` is where undo and redo stand; `lock_owner` is the server that runs a turn in it."""

    __tablename__ = "sessions"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    task_id: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    task_name: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(35))
    created_at: Mapped[float]
    used_at: Mapped[float]
    expires_at: Mapped[float] = mapped_column(index=True)
    timeline_version: Mapped[int] = mapped_column(default=0)
    place: Mapped[int] = mapped_column(default=0)
    lock_owner: Mapped[str | None] = mapped_column(String(64))
    lock_until: Mapped[float] = mapped_column(default=0.0)
    served_at: Mapped[float] = mapped_column(default=0.0, server_default="0")


class Version(Base):
    """One draft on the way; place 0, the empty draft, is never written."""

    __tablename__ = "versions"
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    draft: Mapped[str] = mapped_column(Text)
    made_at: Mapped[float]


class Message(Base):
    """What was said, by "user" or "model"."""

    __tablename__ = "messages"
    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    role: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    said_at: Mapped[float]


class Asset(Base):
    """An uploaded file. `path` is its key in the storage."""

    __tablename__ = "assets"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(16))
    format: Mapped[str] = mapped_column(String(16))
    mime: Mapped[str] = mapped_column(String(64))
    path: Mapped[str] = mapped_column(String(255))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    duration_s: Mapped[float | None]
    width_px: Mapped[int | None]
    height_px: Mapped[int | None]
    fps: Mapped[float | None]
    has_audio: Mapped[bool]
    evidence: Mapped[str | None] = mapped_column(Text)  # JSON; see `backend.evidence`
    created_at: Mapped[float]


class Render(Base):
    """An export. `owner` is the server that works on it, until `lease_until`; `path` is its key in the storage."""

    __tablename__ = "renders"
    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(64), index=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    draft: Mapped[str] = mapped_column(Text, deferred=True)  # may be large, and polling does not need it
    fingerprint: Mapped[str] = mapped_column(String(64))
    quality: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16))
    progress: Mapped[float] = mapped_column(default=0.0)
    error: Mapped[str | None] = mapped_column(Text)
    error_type: Mapped[str | None] = mapped_column(String(64))
    path: Mapped[str | None] = mapped_column(String(255))
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    duration_s: Mapped[float | None]
    width_px: Mapped[int | None]
    height_px: Mapped[int | None]
    owner: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[float] = mapped_column(default=0.0)
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[float]
    finished_at: Mapped[float | None]

    __table_args__ = (Index("ix_renders_status_created_at", "status", "created_at"),)


class Charge(Base):
    """What a turn costs: frozen while it runs (until `frozen_until`, should the server die), then settled or gone.

    A charge counts for a week; then the credits are there again.
    """

    __tablename__ = "charges"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    amount: Mapped[int]
    settled: Mapped[bool]
    frozen_until: Mapped[float]
    made_at: Mapped[float]


class Setting(Base):
    """What all servers of this database share, as text."""

    __tablename__ = "settings"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
