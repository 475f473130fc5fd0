"""What is needed of a cluster, and what its workers keep; no cluster runs here."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import time
from pathlib import Path

import pytest

from ipynemo.backend.cluster.cupboard import Cupboard
from ipynemo.backend.cluster.hands import Hands
from ipynemo.backend.config import BackendConfig
from ipynemo.backend.runners import ChildRunner, runner_for
from ipynemo.backend.storage import LocalStorage
from ipynemo.backend.storage.base import part_key
from ipynemo.errors import BackendStartError, InvalidRequestError, RenderFailedError

pytestmark = pytest.mark.dask


@pytest.mark.parametrize(
    "address", ["8786", "host:8786", "http://host:8786", "tcp://host", "tcp://me:secret@host:1", ""]
)
def test_what_is_no_scheduler_is_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match=r"no scheduler.*tcp://host:8786"):
        BackendConfig(data=tmp_path, token="t", scheduler=address)


def test_a_cluster_needs_its_packages_and_nobody_else_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = LocalStorage(tmp_path)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert isinstance(runner_for(BackendConfig(data=tmp_path, token="t"), storage), ChildRunner)
    with pytest.raises(BackendStartError, match=r'pip install "ipynemo\[local,cluster\]"'):
        runner_for(BackendConfig(data=tmp_path, token="t", scheduler="tcp://host:1"), storage)


async def test_tls_without_certificates_says_which_settings_to_make() -> None:
    with pytest.raises(RenderFailedError, match=r"no certificate\. Set DASK_DISTRIBUTED__COMM__TLS__CA_FILE"):
        async with Hands("tls://127.0.0.1:1", {}, "/nowhere", "beacon"):
            pytest.fail("it was not refused")


@pytest.mark.parametrize("name", ["../../secret.key", "a.mp4", f"{'a' * 40}.mp4/..", f"{'a' * 40}.png", "/etc/passwd"])
def test_a_part_has_no_other_name(name: str) -> None:
    assert part_key(f"{'a' * 40}.mp4") == f"parts/{'a' * 40}.mp4"
    with pytest.raises(InvalidRequestError):
        part_key(name)


async def test_parts_count_as_room_and_go_when_nobody_used_them(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    old, new = (storage.shelf / f"{name}.mp4" for name in ("old", "new"))
    for path in (old, new):
        path.write_bytes(b"part")
    assert await storage.used_bytes() == 8
    os.utime(old, (time.time() - 100, time.time() - 100))
    await storage.sweep_parts(50)
    assert list(storage.shelf.iterdir()) == [new]


def test_a_cupboard_keeps_what_it_was_sent_until_there_is_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ipynemo.backend.cluster.cupboard.IN_USE_S", 0.0)
    cupboard = Cupboard(tmp_path / "kept", 250)
    contents = [bytes([number]) * 100 for number in range(3)]
    names = [f"{hashlib.sha256(content).hexdigest()}.png" for content in contents]
    assert not cupboard.take(names[0], tmp_path / "a")
    assert not cupboard.add("me", names[0], 0, contents[0][:60], 100)
    assert not cupboard.take(names[0], tmp_path / "a")
    assert cupboard.add("me", names[0], 60, contents[0][60:], 100)
    assert cupboard.take(names[0], tmp_path / "a")
    assert not cupboard.add("me", names[1], 0, contents[2], 100)  # not what it says it is
    assert not cupboard.take(names[1], tmp_path / "b")
    for name, content in zip(names[1:], contents[1:], strict=True):
        assert cupboard.add("me", name, 0, content, 100)
    assert [cupboard.take(name, tmp_path / name) for name in names] == [False, True, True]
    assert (tmp_path / "a").read_bytes() == contents[0]  # whoever uses it still has it
    assert not list((tmp_path / "kept").glob(".*"))
