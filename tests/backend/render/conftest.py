"""What tests of the renderer share."""

from __future__ import annotations

import pytest

from ipynemo.backend.render import native, sampling


@pytest.fixture(params=["native", "opencv"])
def drawn_by(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each sampler in turn; the native one is missing where ipynemo was built without a compiler."""
    if request.param == "native" and not native.is_there():
        pytest.skip("the sampler in machine code is not there")
    if request.param == "opencv":
        monkeypatch.setattr(sampling, "is_there", lambda: False)
    return str(request.param)
