"""An edited draft saved on the embedded backend, with a way back; the cloud takes edits in the chat."""

from pathlib import Path

import pytest

from ipynemo import AsyncNemo, Draft, edits
from ipynemo.errors import InvalidRequestError


async def test_a_saved_draft_is_the_sessions_and_undo_leads_back(tmp_path: Path) -> None:
    async with AsyncNemo("local", data=tmp_path) as nemo:
        session = await nemo.create_session("save")
        before = (await session.chat("add a title 'One' at 0 seconds", as_is=True)).draft
        assert before is not None
        edited = edits.set_text(before, track=1, segment=1, text="Two")
        assert await session.save(edited) == edited
        assert (await session.draft()).tracks[0].segments[0].text == "Two"
        back = await session.chat("undo", as_is=True)
        assert back.draft is not None
        assert back.draft.tracks[0].segments[0].text == "One"


async def test_saving_on_the_cloud_is_refused_with_a_way_to_go_on() -> None:
    async with AsyncNemo("cloud", token="nmv_usr_example_0001") as nemo:
        with pytest.raises(InvalidRequestError, match=r"edits in the chat only.*session\.chat"):
            await nemo.session("s1").save(Draft({"t": []}))
