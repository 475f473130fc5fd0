"""The registry: tools have a name, a schema and a line of description; wrong arguments come back as an answer."""

from __future__ import annotations

from agent_samples import ASSETS, clip

from ipynemo import edits
from ipynemo.backend.agent import Situation
from ipynemo.backend.agent.registry import call, schemas, tools

SITUATION = Situation(clip(), ASSETS)


def test_every_tool_can_be_described_to_a_language_model() -> None:
    described = {schema["name"]: schema for schema in schemas()}
    assert set(described) == set(tools())
    assert len(described) == 32
    for schema in described.values():
        assert schema["description"].endswith(".")
        assert "as in: " in schema["description"]
        assert schema["parameters"]["type"] == "object"
        assert schema["parameters"]["additionalProperties"] is False
        assert not {"draft", "situation"} & set(schema["parameters"]["properties"])


def test_a_schema_says_what_may_be_given() -> None:
    schema = next(s for s in schemas() if s["name"] == "set_volume")
    assert schema["description"] == "Set how loud a track is, from 0 to 1, as in: set the music to 35 %."
    assert schema["parameters"]["required"] == ["track", "volume"]
    assert schema["parameters"]["properties"]["volume"] == {
        "maximum": 1,
        "minimum": 0,
        "title": "Volume",
        "type": "number",
    }


def test_a_call_gives_a_new_draft_and_leaves_the_old_one() -> None:
    outcome = call("set_volume", {"track": 4, "volume": 0.35}, SITUATION)
    assert outcome.draft == edits.set_volume(clip(), 4, 0.35)
    assert outcome.response == {"done": "set_volume", "percent": 35}
    assert SITUATION.draft == clip()


def test_whatever_is_wrong_comes_back_as_an_answer() -> None:
    for name, args, error in (
        ("set_volume", {"track": 4, "volume": 35}, "InvalidArguments: volume: Input should be less than or equal to 1"),
        ("set_volume", {"track": 0, "volume": 0.5}, "InvalidArguments: track"),
        ("set_volume", {"track": 4, "volume": float("nan")}, "InvalidArguments: volume"),
        ("set_volume", {"track": 4}, "InvalidArguments: volume: Field required"),
        ("set_volume", {"track": 4, "volume": 0.5, "x": 1}, "InvalidArguments: x: Extra inputs are not permitted"),
        ("set_volume", {"track": 9, "volume": 0.5}, "NoSuchTrackError: no track 9"),
        ("set_volume", {"track": 2, "volume": 0.5}, "DraftError: Track 2 is text; it has no sound."),
        ("set_text", {"track": 2, "segment": 4, "text": "x"}, "NoSuchSegmentError: no segment 4 on track 2"),
        ("add_title", {"text": "x", "start_s": 40.0}, "DraftError: The clip ends at 15 s."),
        ("add_title", {"text": ""}, "InvalidArguments: text"),
        ("add_title", {"text": "x", "color": "red"}, "InvalidArguments: color"),
        ("add_picture", {"asset": "a9"}, "DraftError: No picture or video 'a9' was uploaded."),
        ("set_music", {"music": "jazz"}, "DraftError: No music 'jazz'."),
        ("undo", {}, "DraftError: There is nothing to undo."),
        ("format_disk", {}, "UnknownTool: no tool 'format_disk'"),
    ):
        outcome = call(name, dict(args), SITUATION)
        assert outcome.draft is None
        assert outcome.failed
        assert outcome.response["error"].startswith(error)
