"""Room on a class server: one pupil's files cannot take what is there for all."""

from __future__ import annotations

from collections.abc import Callable

from serving import ServerProcess, User, png

ROOM = 400_000


def noise(size: int) -> bytes:
    """Return a picture of that many bytes; what lies behind its end is nobody's matter."""
    picture = png()
    return picture + bytes(size - len(picture))


def refusal(user: User, size: int) -> str:
    answer = user.upload(("a.png", noise(size)))
    assert (answer.status_code, answer.json()["code"]) == (400, 400)
    return str(answer.json()["message"])


def test_each_anonymous_user_has_so_much_room_and_the_shared_one_all_of_it(
    start_server: Callable[..., ServerProcess],
) -> None:
    server = start_server("--anonymous", f"--user-data-bytes={ROOM}")
    pupil, other = server.stranger(), server.stranger()
    assert pupil.upload(("a.png", noise(250_000))).status_code == 200
    said = (
        "Your files take 0.2 MB of the 0.4 MB that this server keeps for each user, and 0.2 MB more do not fit. "
        "Take a smaller file, or ask whoever runs the server for more room."
    )
    assert refusal(pupil, 160_000) == said  # told when it is whole
    assert refusal(pupil, 300_000) == said  # told before it is read
    pupil.begin()
    assert refusal(pupil, 160_000) == said  # another session is no other room
    assert pupil.upload(("a.png", noise(140_000))).status_code == 200
    assert [len(user.state()["video_infos"]) for user in (pupil, other)] == [1, 0]
    assert other.upload(("a.png", noise(300_000))).status_code == 200
    shared = server.user()
    assert shared.upload(("a.png", noise(300_000)), ("b.png", noise(300_000))).status_code == 200
    assert not list((server.data / "spool").iterdir())
