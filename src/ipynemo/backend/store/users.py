"""Users, their tokens and their credits.

A token is stored as its hash. An anonymous one is computed from the server's key, the user and the time it was issued,
so that the same client id gets the same token again for a week although nobody stored it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
import uuid
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from ipynemo.backend.config import BackendConfig
from ipynemo.backend.store.database import Database
from ipynemo.backend.store.models import Charge, Token, User
from ipynemo.errors import OutOfCreditsError, RateLimitError

__all__ = ["Balance", "Identity", "IssuedToken", "Users", "token_hash"]

DAY_S = 86_400.0
CREDITS_LAST_S = 7 * DAY_S  # what was spent longer ago is there again


def token_hash(token: str) -> str:
    """Return what is stored instead of a token; tokens are random, so a plain hash cannot be guessed back."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Identity:
    """Who a request comes from."""

    user_id: str
    anonymous: bool


@dataclass(frozen=True)
class IssuedToken:
    """An anonymous token as it is handed out."""

    token: str
    user_id: str
    expires_at: float
    credits: int


@dataclass(frozen=True)
class Balance:
    """The credits of a user."""

    available: int
    frozen: int
    total: int


class Users:
    """The users of a server.

    Parameters
    ----------
    database : Database
        Where they are kept.
    config : BackendConfig
        Prices and limits.
    key : bytes
        The server's key.
    """

    def __init__(self, database: Database, config: BackendConfig, key: bytes) -> None:
        self._database = database
        self._config = config
        self.key = key
        self._fixed_hash = token_hash(config.token)

    async def ensure_fixed(self) -> None:
        """Make the fixed user, or bring its credits to what the server was started with."""
        user_id = self._config.user_id
        try:
            async with self._database.writing() as db:
                user = await db.get(User, user_id)
                if user is None:
                    db.add(self._new(user_id, "fixed", None))
                else:
                    user.credits_total = self._config.credits
        except IntegrityError:  # a second server was faster
            await self.ensure_fixed()

    def _new(self, user_id: str, kind: str, client_hash: str | None) -> User:
        return User(
            id=user_id,
            kind=kind,
            client_hash=client_hash,
            credits_total=self._config.credits,
            created_at=time.time(),
        )

    async def who(self, token: str) -> Identity | None:
        """Return whom a token names, or None where it is wrong or has expired."""
        given = token_hash(token)
        if hmac.compare_digest(given, self._fixed_hash):
            return Identity(self._config.user_id, anonymous=False)
        if not self._config.anonymous:
            return None
        async with self._database.reading() as db:
            row = await db.get(Token, given)
        if row is None or not hmac.compare_digest(row.hash, given) or row.expires_at <= time.time():
            return None
        return Identity(row.user_id, anonymous=True)

    async def anonymous_token(self, client_id: str) -> IssuedToken:
        """Give a client its token: the same one until it expires, then a new one with fresh credits.

        Raises
        ------
        RateLimitError
            Too many new users came in the last hour.
        """
        client_hash = hashlib.sha256(client_id.lower().encode()).hexdigest()
        try:
            return await self._issue(client_hash)
        except IntegrityError:  # the same client came twice at once, and the other call made the user
            return await self._issue(client_hash)

    async def _issue(self, client_hash: str) -> IssuedToken:
        now = time.time()
        async with self._database.writing() as db:
            user = (await db.execute(select(User).where(User.client_hash == client_hash))).scalar_one_or_none()
            if user is None:
                recent = select(func.count()).select_from(User).where(User.created_at > now - 3600)
                if (await db.execute(recent)).scalar_one() >= self._config.anonymous_per_hour:
                    error = RateLimitError("Too many new users in this hour.", hint="Try again later.")
                    error.retry_after_s = 600.0
                    raise error
                user = self._new(f"usr_{uuid.uuid4().hex}", "anonymous", client_hash)
                db.add(user)
                await db.flush()
            row = (
                await db.execute(select(Token).where(Token.user_id == user.id, Token.expires_at > now))
            ).scalar_one_or_none()
            if row is None:
                await db.execute(delete(Token).where(Token.user_id == user.id))
                await db.execute(delete(Charge).where(Charge.user_id == user.id))
                user.credits_total = self._config.credits
                expires_at = now + self._config.anonymous_days * DAY_S
                token = self._token(user.id, now)
                row = Token(hash=token_hash(token), user_id=user.id, issued_at=now, expires_at=expires_at)
                db.add(row)
            return IssuedToken(self._token(user.id, row.issued_at), user.id, row.expires_at, user.credits_total)

    def _token(self, user_id: str, issued_at: float) -> str:
        mac = hmac.new(self.key, f"token:{user_id}:{issued_at!r}".encode(), hashlib.sha256).digest()
        return "nmv_usr_" + base64.urlsafe_b64encode(mac).decode().rstrip("=")

    async def balance(self, user_id: str) -> Balance:
        """Return the credits of a user."""
        async with self._database.reading() as db:
            now = await self._database.time(db)
            total = (await db.execute(select(User.credits_total).where(User.id == user_id))).scalar_one()
            spent, frozen = (await db.execute(_sums(user_id, now))).one()
        return Balance(available=max(0, total - int(spent) - int(frozen)), frozen=int(frozen), total=total)

    async def freeze(self, user_id: str, amount: int) -> str | None:
        """Put credits aside for a turn and return the charge; None where a turn costs nothing.

        Raises
        ------
        OutOfCreditsError
            There are not enough.
        """
        if amount <= 0:
            return None
        async with self._database.writing() as db:
            now = await self._database.time(db)
            # Locks the user's row where the database has row locks; SQLite has locked everything already.
            user = (await db.execute(select(User).where(User.id == user_id).with_for_update())).scalar_one()
            spent, frozen = (await db.execute(_sums(user_id, now))).one()
            available = user.credits_total - int(spent) - int(frozen)
            if available < amount:
                raise OutOfCreditsError(
                    f"This turn costs {amount} credits, and {max(0, available)} are left.", code=2001
                )
            charge = Charge(
                id=uuid.uuid4().hex,
                user_id=user_id,
                amount=amount,
                settled=False,
                frozen_until=now + 2 * self._config.turn_limit_s,
                made_at=now,
            )
            db.add(charge)
            return charge.id

    async def settle(self, charge: str | None, *, keep: bool) -> None:
        """End a charge: take the credits, or give them back."""
        if charge is None:
            return
        async with self._database.writing() as db:
            if keep:
                await db.execute(update(Charge).where(Charge.id == charge).values(settled=True))
            else:
                await db.execute(delete(Charge).where(Charge.id == charge))


def _sums(user_id: str, now: float):  # type: ignore[no-untyped-def]  # the type of this SELECT is a page long
    spent = func.coalesce(func.sum(Charge.amount).filter(Charge.settled), 0)
    frozen = func.coalesce(func.sum(Charge.amount).filter(~Charge.settled, Charge.frozen_until > now), 0)
    return select(spent, frozen).where(Charge.user_id == user_id, Charge.made_at > now - CREDITS_LAST_S)
