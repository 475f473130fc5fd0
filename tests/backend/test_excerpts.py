"""Whose range is made when, and what becomes of one that takes too long: with children that only say that they draw."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest

from ipynemo.backend import excerpts
from ipynemo.backend.excerpts import ExcerptOrder, Excerpts
from ipynemo.draft import Draft
from ipynemo.errors import InvalidRequestError, RateLimitError


class Files:
    """A storage that writes down which files were wanted."""

    def __init__(self) -> None:
        self.wanted: list[list[str]] = []

    @asynccontextmanager
    async def checkout(self, keys: Mapping[str, str]) -> AsyncIterator[dict[str, Path]]:
        self.wanted.append(sorted(keys))
        yield {name: Path(key) for name, key in keys.items()}


class Child:
    """A child that says what it was told to say, once it is let go on."""

    says: ClassVar[list[dict[str, Any]]] = []
    go_on = asyncio.Event()
    asked = 0
    ended = 0
    busy = 0
    most = 0

    def __init__(self, *options: str) -> None:
        assert options == ("--aside",)
        self._left: list[dict[str, Any]] = []

    async def ask(self, order: bytes) -> None:
        assert set(json.loads(order)) == {"draft", "assets", "from_ms", "to_ms", "height_px"}
        Child.asked += 1
        Child.busy += 1
        Child.most = max(Child.most, Child.busy)
        self._left = [*Child.says]
        await Child.go_on.wait()

    async def line(self) -> bytes:
        return json.dumps(self._left.pop(0)).encode() if self._left else b""

    async def exactly(self, count: int) -> bytes:
        return b"x" * count

    def rest(self) -> None:
        Child.busy -= 1

    async def end(self) -> None:
        Child.ended += 1
        Child.busy -= 1


@pytest.fixture
async def made(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Excerpts]:
    monkeypatch.setattr(excerpts, "Previewer", Child)
    monkeypatch.setattr(excerpts, "AT_ONCE", 3)
    Child.says, Child.go_on = [{"bytes": 3}, {"done": {}}], asyncio.Event()
    Child.asked = Child.ended = Child.busy = Child.most = 0
    made = Excerpts(Files())  # type: ignore[arg-type]
    yield made
    Child.busy = 0
    await made.aclose()


def order(from_ms: int = 0) -> ExcerptOrder:
    draft = Draft({"t": [{"tt": 0, "sg": [{"src": "a", "d": 9000}, {"src": "b", "d": 9}]}]})
    return ExcerptOrder(draft, {"a": "/a", "b": "/b"}, from_ms, from_ms + 1000, 360)


async def film(made: Excerpts, user: str, from_ms: int = 0) -> bytes:
    return b"".join([piece async for piece in made.pieces(user, order(from_ms))])


async def until(count: int) -> None:
    for _ in range(100_000):
        if Child.asked >= count:
            return
        await asyncio.sleep(0)
    raise AssertionError(f"{Child.asked} were asked, not {count}")


async def test_a_user_has_one_in_the_making_and_another_user_another(made: Excerpts) -> None:
    waiting = [asyncio.create_task(film(made, user, n)) for n, user in enumerate("aaab")]
    await until(2)
    for _ in range(20):
        await asyncio.sleep(0)
    assert (Child.asked, Child.busy) == (2, 2)
    Child.go_on.set()
    assert await asyncio.gather(*waiting) == [b"xxx"] * 4
    assert (Child.most, Child.asked, Child.ended) == (2, 4, 0)


async def test_what_was_made_is_kept(made: Excerpts) -> None:
    Child.go_on.set()
    assert [await film(made, user) for user in "aab"] == [b"xxx"] * 3
    assert Child.asked == 1
    assert made._storage.wanted == [["a", "b"]]  # type: ignore[attr-defined]


async def test_too_many_of_one_user_are_refused(made: Excerpts) -> None:
    waiting = [asyncio.create_task(film(made, "a", n)) for n in range(6)]
    await until(1)
    with pytest.raises(RateLimitError, match=r"Too many previews at once\."):
        await film(made, "a", 99)
    Child.go_on.set()
    assert await film(made, "b", 99) == b"xxx"
    await asyncio.gather(*waiting)
    assert await film(made, "a", 98) == b"xxx"


async def test_one_that_takes_too_long_is_given_up_with_its_child(
    made: Excerpts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(excerpts, "LIMIT_S", 0.01)
    with pytest.raises(InvalidRequestError, match=r"This range takes too long to draw\."):
        await film(made, "a")
    assert Child.ended == 1


@pytest.mark.parametrize(
    ("says", "why", "ended"),
    [
        ([{"bytes": 3}], "the renderer broke off", 1),
        ([], "the renderer broke off", 3),  # two that did not answer, and once more for good
        ([{"bytes": 65 << 20}, {"done": {}}], "the renderer broke off", 1),
        ([{"bytes": 3}, {"error": "a.png is no picture."}], r"a\.png is no picture\.", 0),
    ],
)
async def test_what_goes_wrong_is_said(made: Excerpts, says: list[dict[str, Any]], why: str, ended: int) -> None:
    Child.says = says
    Child.go_on.set()
    with pytest.raises(InvalidRequestError, match=f"This range cannot be drawn: {why}"):
        await film(made, "a")
    assert Child.ended == ended


async def test_whoever_asks_again_after_it_broke_off_is_told_why(made: Excerpts) -> None:
    Child.says = [{"bytes": 3}, {"error": "a.png is no picture."}]
    Child.go_on.set()
    pieces = made.pieces("a", order())
    assert await anext(pieces) == b"xxx"
    for asking in (anext(pieces), film(made, "a")):
        with pytest.raises(InvalidRequestError, match=r"a\.png is no picture\."):
            await asking
    assert Child.asked == 1


async def test_nobody_listens_and_nothing_is_made(made: Excerpts) -> None:
    listening = asyncio.create_task(film(made, "a"))
    await until(1)
    listening.cancel()
    await asyncio.wait([listening], timeout=10)
    assert listening.cancelled()
    assert (Child.ended, made._free) == (1, [])
