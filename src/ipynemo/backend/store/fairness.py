"""Who is next: renders go round robin over the users, and within a user over the sessions. No database here.

A session stands in line from its first waiting render on. Whose render was lost with its server goes first, because it
had its turn already. Then comes who has the fewest renders running, and among these who was served, or began to wait,
the longest ago. So nobody waits for more than one render of each of the others, however many these have ordered, and
newcomers cannot keep out who has been waiting.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

__all__ = ["Line", "before", "in_turn"]


@dataclass(frozen=True)
class Line:
    """What waits and runs in one session.

    Parameters
    ----------
    waiting, running : int
        How many renders.
    first_at : float
        When the first one that waits was ordered.
    lost : bool
        Whether one of those that wait was running on a server that died.
    user_served_at, session_served_at : float
        When a render of the user, and one of this session, was begun last.
    """

    user_id: str
    session_id: str
    waiting: int
    running: int = 0
    first_at: float = 0.0
    lost: bool = False
    user_served_at: float = 0.0
    session_served_at: float = 0.0

    @property
    def turn(self) -> tuple[float, float, str]:
        """What the sessions of one user are sorted by."""
        return max(self.session_served_at, self.first_at), self.first_at, self.session_id


def _user_turn(lines: list[Line]) -> float:
    """Return what users are sorted by who have the same number of renders running."""
    return max(lines[0].user_served_at, min(line.first_at for line in lines))


def in_turn(lines: Iterable[Line]) -> Iterator[Line]:
    """Give the sessions whose renders may begin, in the order in which they should, each once.

    Sessions in which a render runs are left out: in a session, one render runs at a time.
    """
    running: defaultdict[str, int] = defaultdict(int)
    of_user: defaultdict[str, list[Line]] = defaultdict(list)
    lost: list[Line] = []
    for line in lines:
        running[line.user_id] += line.running
        if line.waiting and not line.running:
            (lost if line.lost else of_user[line.user_id]).append(line)
    for line in sorted(lost, key=lambda each: each.turn[1:]):
        running[line.user_id] += 1
        yield line
    queue: list[tuple[int, int, float, str]] = []
    for user_id, own in of_user.items():
        queue.append((running[user_id], 0, _user_turn(own), user_id))
        own.sort(key=lambda each: each.turn, reverse=True)
    heapq.heapify(queue)
    served = 0
    while queue:
        at_work, _, turn, user_id = heapq.heappop(queue)
        yield of_user[user_id].pop()
        served += 1
        if of_user[user_id]:
            heapq.heappush(queue, (at_work + 1, served, turn, user_id))


def before(lines: Iterable[Line], session_id: str, rank: int) -> int:
    """Return about how many renders end before one of a session begins.

    Parameters
    ----------
    rank : int
        How many of the session's own wait before it.
    """
    of_user: defaultdict[str, list[Line]] = defaultdict(list)
    mine: Line | None = None
    running = 0
    for line in lines:
        running += line.running
        if line.waiting:
            of_user[line.user_id].append(line)
        if line.session_id == session_id:
            mine = line
    if mine is None:
        return running
    own = of_user.pop(mine.user_id, [])
    count = rank + sum(
        min(line.waiting, rank + (line.turn < mine.turn)) for line in own if line.session_id != session_id
    )
    turn = _user_turn(own) if own else 0.0
    others = sum(min(sum(line.waiting for line in his), count + (_user_turn(his) < turn)) for his in of_user.values())
    return running + count + others
