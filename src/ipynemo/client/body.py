"""The body of a stream, inflated piece by piece, and whether its end was one.

The HTTP library takes a compressed stream that was cut short for a whole one, and inflates each packet to its full
size, whatever that is. Here the end of the compression counts, and memory stays bounded.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Final

import httpx

__all__ = ["ACCEPT_ENCODING", "Body"]

ACCEPT_ENCODING: Final = "gzip, deflate"
MAX_PIECE_BYTES: Final = 1 << 20
AUTO: Final = 32 + zlib.MAX_WBITS  # gzip or zlib, whichever it is
BARE: Final = -zlib.MAX_WBITS  # what some servers call deflate


class Body:
    """The body of one answer.

    Attributes
    ----------
    framed : bool
        Whether the connection itself tells a whole body from a cut one: by its length, or by a last chunk.
    """

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        self._inflater = None if encoding in ("identity", "") else zlib.decompressobj(AUTO)
        self._began = False
        headers = response.headers
        self.framed = "chunked" in headers.get("transfer-encoding", "").lower() or "content-length" in headers

    @property
    def cut(self) -> bool:
        """Whether the compression, where there is one, has begun and not ended."""
        return self._began and self._inflater is not None and not self._inflater.eof

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the bytes as they come.

        Raises
        ------
        httpx.RequestError
            The connection broke, or the compression is none.
        """
        async for chunk in self._response.aiter_raw():
            if self._inflater is None:
                yield chunk
                continue
            try:
                for piece in self._inflate(chunk):
                    yield piece
            except zlib.error as error:
                fault = httpx.DecodingError(str(error), request=self._response.request)
            else:
                continue
            raise fault

    def _inflate(self, chunk: bytes) -> Iterator[bytes]:
        if self._inflater is None:
            return
        if not self._began:
            self._began = True
            try:
                self._inflater.copy().decompress(chunk, 1)
            except zlib.error:
                self._inflater = zlib.decompressobj(BARE)
        while chunk:
            if self._inflater.eof:  # another member follows
                self._inflater = zlib.decompressobj(AUTO)
            piece = self._inflater.decompress(chunk, MAX_PIECE_BYTES)
            if piece:
                yield piece
            chunk = self._inflater.unconsumed_tail or self._inflater.unused_data
