"""A link is fetched on behalf of a user: from the public internet, within limits, never from the networks around here.

The check and the connection cannot come apart: the part that opens sockets (`_Guard`) asks for the addresses itself,
checks all of them, and connects to the very address that it has checked. There is no second look-up that could answer
differently (DNS rebinding), and a redirect is a new connection and so a new check. TLS still verifies the host's name.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import ssl
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from email.message import Message
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import httpcore
import httpx

from ipynemo.backend import addresses
from ipynemo.backend.names import safe_name
from ipynemo.errors import ConnectionFailedError, DeadlineError, FileTooLargeError, InvalidRequestError, NemoError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FetchedFile", "Fetcher", "fetch"]

Resolver = Callable[[str, int], Awaitable[list[str]]]

MAX_REDIRECTS = 5
MAX_URL_CHARS = 8_192  # signed links of cloud stores reach 2,000
MAX_ADDRESSES_TRIED = 4  # of a host; more are a way to keep us busy
CONNECT_TIMEOUT_S = 10.0
PORTS = frozenset({80, 443, 8080, 8443})  # where the web is served; any other port is somebody's mail or database
PIECE_BYTES = 64 << 10  # of unpacked data at a time, so that a bomb is noticed when it is this much too large

_HINT = "Download the file and upload it from this computer."


@dataclass(frozen=True)
class FetchedFile:
    """A file that was fetched; `name` is the server's, made safe, and says nothing about the content."""

    name: str
    size_bytes: int
    sha256: str


async def fetch(
    url: str, dest: Path, *, max_bytes: int, allow_private: bool = False, timeout_s: float = 60.0
) -> FetchedFile:
    """Fetch a link into a file.

    Parameters
    ----------
    url : str
        An http or https link without a user name or password in it.
    dest : Path
        Where the file goes. It is written beside as `*.part` first, which is gone after any failure.
    max_bytes : int
        Of the file, also once unpacked.
    allow_private : bool
        Allow any address and port: for tests, and for a school's own server on its own network.
    timeout_s : float
        For everything together.

    Raises
    ------
    InvalidRequestError
        The link is none that may be fetched, or the server's answer is not a file. Inner networks have one text,
        whether the host exists there or not, so that nobody can ask for a map of them.
    FileTooLargeError, DeadlineError, ConnectionFailedError
        A limit was reached, or the connection failed.
    """
    return await Fetcher(allow_private=allow_private).fetch(url, dest, max_bytes=max_bytes, timeout_s=timeout_s)


class _Guard(httpcore.AsyncNetworkBackend):
    """Opens connections to addresses that it has checked, and to nothing else."""

    def __init__(self, resolve: Resolver, dial: httpcore.AsyncNetworkBackend, *, allow_private: bool) -> None:
        self._resolve = resolve
        self._dial = dial
        self._allow_private = allow_private

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        found = await self._resolve(host, port) if addresses.is_host(host) else []
        # One private address among public ones is a trap or a mistake; nobody can say which of them is meant.
        if not found or not (self._allow_private or all(addresses.is_public(address) for address in found)):
            raise _NotPublicError
        failure: Exception = httpcore.ConnectError()
        for address in found[:MAX_ADDRESSES_TRIED]:
            try:
                return await self._dial.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


class _NotPublicError(Exception):
    """The host has no address, or one that is not public."""


class Fetcher:
    """What `fetch` uses, with the parts that touch the network exchangeable.

    Parameters
    ----------
    allow_private : bool
        Allow any address and port.
    resolve : callable
        Host and port -> all its addresses, none where there is none.
    dial : httpcore.AsyncNetworkBackend
        Opens the socket; it is only ever given an IP address.
    ssl_context : ssl.SSLContext, optional
        For https; by default the usual authorities.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        resolve: Resolver = addresses.resolve,
        dial: httpcore.AsyncNetworkBackend | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._allow_private = allow_private
        self._guard = _Guard(resolve, dial or httpcore.AnyIOBackend(), allow_private=allow_private)
        self._ssl_context = ssl_context

    async def fetch(self, url: str, dest: Path, *, max_bytes: int, timeout_s: float = 60.0) -> FetchedFile:
        """Fetch a link into a file; see `ipynemo.backend.fetch.fetch`."""
        first = self._checked(url)
        part = dest.with_name(f"{dest.name}.part")
        try:
            async with asyncio.timeout(timeout_s):
                fetched = await self._download(first, part, max_bytes)
            part.replace(dest)
        except NemoError:
            raise
        except _NotPublicError:
            raise InvalidRequestError(
                f"The link to {first.host} cannot be fetched: it does not lead to a server on the public internet.",
                hint=_HINT,
                status=400,
            ) from None
        except TimeoutError:
            raise DeadlineError(
                f"The link to {first.host} did not finish within {timeout_s:g} s.", hint=_HINT
            ) from None
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
            verified = "its certificate is not valid" if isinstance(error.__context__, ssl.SSLError) else None
            why = verified or ("it stopped answering" if part.exists() else "it cannot be reached")
            raise ConnectionFailedError(f"The link to {first.host} failed: {why}.", hint=_HINT) from error
        finally:
            part.unlink(missing_ok=True)
        return fetched

    def _checked(self, url: str) -> httpx.URL:
        """Return the link, parsed, where its form allows fetching it; where it leads is the guard's matter."""
        try:
            parsed = httpx.URL(url) if len(url) <= MAX_URL_CHARS else None
        except httpx.InvalidURL:
            parsed = None
        port = (parsed.port if parsed else None) or 443
        if parsed is None or parsed.scheme not in ("http", "https") or not parsed.host or port > 65_535:
            raise InvalidRequestError(
                "This is not a link that can be fetched.", hint="It must begin with https://", status=400
            )
        if parsed.userinfo:
            raise InvalidRequestError("The link holds a user name or password.", hint="Remove it.", status=400)
        if port not in PORTS and not self._allow_private:
            ports = ", ".join(str(port) for port in sorted(PORTS))
            raise InvalidRequestError(f"The link names port {port}; only {ports} are fetched.", hint=_HINT, status=400)
        return parsed

    async def _download(self, url: httpx.URL, part: Path, max_bytes: int) -> FetchedFile:
        async with httpcore.AsyncConnectionPool(
            ssl_context=self._ssl_context,
            network_backend=self._guard,
            max_keepalive_connections=0,  # so that every redirect is a connection, and a check, of its own
        ) as pool:
            for _ in range(MAX_REDIRECTS + 1):
                async with pool.stream(
                    "GET",
                    httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                    headers={
                        "Host": url.netloc.decode("ascii"),
                        "User-Agent": "ipynemo",
                        "Accept": "*/*",
                        "Accept-Encoding": "identity",
                        "Connection": "close",
                    },
                    extensions={"timeout": {"connect": CONNECT_TIMEOUT_S}},
                ) as response:
                    headers = httpx.Headers(response.headers)
                    if response.status in (301, 302, 303, 307, 308) and headers.get("location"):
                        url = self._redirected(url, headers["location"])
                        continue
                    if response.status != 200:
                        raise InvalidRequestError(
                            f"The link to {url.host} answered with HTTP {response.status} instead of a file.",
                            hint="Open it in a browser to see what it says.",
                            status=400,
                        )
                    size, digest = await _saved(response, headers, part, max_bytes, url.host)
                    return FetchedFile(_name(url, headers), size, digest)
        raise InvalidRequestError(f"The link was redirected more than {MAX_REDIRECTS} times.", hint=_HINT, status=400)

    def _redirected(self, url: httpx.URL, location: str) -> httpx.URL:
        try:
            return self._checked(str(url.join(location)))
        except (httpx.InvalidURL, ValueError):
            raise InvalidRequestError(
                f"The link to {url.host} leads to no valid link.", hint=_HINT, status=400
            ) from None


async def _saved(
    response: httpcore.Response, headers: httpx.Headers, part: Path, max_bytes: int, host: str
) -> tuple[int, str]:
    """Write the body to the file; return its size in bytes and its SHA-256."""
    limit = FileTooLargeError(
        f"The file behind the link to {host} is larger than {max_bytes / (1 << 20):g} MB.",
        hint="That is the limit for one file.",
        code=4002,
        status=413,
    )
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > max_bytes:
        raise limit
    size, digest = 0, hashlib.sha256()
    encoding = headers.get("content-encoding", "identity").strip().lower()
    # Opened here: what a thread opens for a task that is cancelled meanwhile, nobody closes.
    with part.open("wb") as file:
        async with aclosing(_unpacked(response, encoding, host)) as pieces:
            async for piece in pieces:
                size += len(piece)
                if size > max_bytes:
                    raise limit
                digest.update(piece)
                await asyncio.to_thread(file.write, piece)
    return size, digest.hexdigest()


async def _unpacked(response: httpcore.Response, encoding: str, host: str) -> AsyncGenerator[bytes, None]:
    """Yield the body in small pieces, also where a server compresses although it was asked not to."""
    inflater = zlib.decompressobj(wbits=31) if encoding in ("gzip", "x-gzip") else None
    if not inflater and encoding not in ("", "identity"):
        raise InvalidRequestError(
            f"{host} sends the file in an encoding that was not asked for.", hint=_HINT, status=400
        )
    try:
        async for chunk in response.aiter_stream():
            for piece in _inflated(inflater, chunk) if inflater else (chunk,):
                yield piece
    except zlib.error as error:
        raise ConnectionFailedError(f"The file from {host} arrived damaged.", hint=_HINT) from error
    if inflater and not inflater.eof:
        raise ConnectionFailedError(f"The file from {host} was cut short.", hint=_HINT)


def _inflated(inflater: Any, chunk: bytes) -> Iterator[bytes]:
    while True:
        piece = inflater.decompress(chunk, PIECE_BYTES)
        chunk = inflater.unconsumed_tail
        yield piece
        if not chunk and len(piece) < PIECE_BYTES:
            return


def _name(url: httpx.URL, headers: httpx.Headers) -> str:
    """Return the file's name: what the server suggests (RFC 6266), else the end of the path."""
    message = Message()
    disposition = headers.get("content-disposition", "")
    message["Content-Disposition"] = re.sub(r"[\x00-\x1f\x7f]", " ", disposition[:1000])
    try:
        suggested = message.get_filename()
    except (LookupError, ValueError, TypeError):  # the parser of the standard library trips over odd continuations
        suggested = None
    return safe_name(suggested or unquote(url.path.rstrip("/").rpartition("/")[2]))
