"""TinyModelLab: train a real, tiny diffusion model, let it draw, and look at how each picture came about."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future
from typing import Any, ClassVar, Final, Literal

import numpy as np
import traitlets

from ipynemo.concepts.pixels import enlarged
from ipynemo.concepts.tiny import SUBJECTS, Nearest, Progress, TinyModel, TinyPicture
from ipynemo.errors import InvalidRequestError
from ipynemo.loop import off_loop
from ipynemo.widgets._base import Face
from ipynemo.widgets._lab_words import LAB_WORDS
from ipynemo.widgets._pictures import Pictures, as_png, data_url
from ipynemo.widgets._saved import escaped
from ipynemo.widgets._static import module, style
from ipynemo.widgets._words import Words

__all__ = ["MAX_SHOWN", "TinyModelLab"]

MAX_SHOWN: Final = 6  # side by side; `pictures` holds as many
MAX_STEPS: Final = 200  # of drawing: the whole way goes to the page
MAX_SEED: Final = 2**31 - 1
NEWS_S: Final = 0.1
FEW: Final = {"shapes": 22, "digits": 10}  # one of each prompt that is shown
SAVED_PX: Final = 96


class TinyModelLab(Face):
    """Train, ask, compare: the lesson's own image model, of which everything is known.

    Parameters
    ----------
    model : TinyModel, optional
        One that is trained already; it may also be set later. Observable: the lab's training sets it.
    kind : {"shapes", "digits"}
        What it learns.
    training_seed, training_steps : int
        Of the training.
    training_pictures : int, optional
        How many; with very few it learns to copy. None: as many as the kind has.

    Attributes
    ----------
    pictures : tuple of TinyPicture
        The last six drawn, the newest at the end. Observable.

    Examples
    --------
    >>> from ipynemo.widgets import TinyModelLab
    >>> lab = TinyModelLab(kind="shapes")  # doctest: +SKIP
    >>> lab.train().result()  # doctest: +SKIP
    >>> lab.draw("red cross", seed=3)  # doctest: +SKIP
    """

    _esm = module("concept_lab.js")
    _css = style("concept_lab.css")

    WORDS: ClassVar[Words] = LAB_WORDS

    model: TinyModel | None = traitlets.Instance(TinyModel, allow_none=True)  # type: ignore[assignment]
    kind: Literal["digits", "shapes"] = traitlets.Enum(list(SUBJECTS), "shapes")  # type: ignore[assignment]
    training_seed = traitlets.Int(1, min=0, max=MAX_SEED)
    training_steps = traitlets.Int(1500, min=1, max=20_000)
    training_pictures: int | None = traitlets.Int(None, min=1, max=50_000, allow_none=True)  # type: ignore[assignment]
    pictures: tuple[TinyPicture, ...] = traitlets.Tuple().tag(outgoing=True)  # type: ignore[assignment]
    progress = traitlets.Dict().tag(sync=True, outgoing=True)
    view = traitlets.Dict().tag(sync=True, outgoing=True)

    def __init__(self, model: TinyModel | None = None, *, session: Any = None, **traits: Any) -> None:
        self._files = Pictures()
        self._stop = threading.Event()
        self._nearest: dict[int, tuple[Nearest, str | None, int]] = {}  # by the id of a picture that is shown
        self._told: list[tuple[TinyPicture, dict[str, Any]]] = []  # the pictures that `view` tells of, with its facts
        super().__init__(session, **traits)
        self.model = model
        self._show()

    # -- training ------------------------------------------------------------------------------------------------------

    def train(self) -> Future[TinyModel]:
        """Train a model; it is in `model` when it is done, or as far as it got when it was stopped."""
        if self.busy:
            raise InvalidRequestError("The lab is at work.", hint="Wait until it is done, or stop it.")
        self._stop.clear()
        return self._start(self._train, what="training")

    def stop(self) -> None:
        """Stop the training; what was learnt so far stays."""
        self._stop.set()

    async def _train(self) -> TinyModel:
        steps, last = self.training_steps, 0.0
        self.progress = {"step": 0, "steps": steps, "losses": []}
        losses: list[float] = []

        def tell(news: Progress) -> None:
            nonlocal last
            losses.append(news.loss)
            now = time.monotonic()
            if now - last >= NEWS_S or news.step == news.steps:
                last = now
                self.progress = {"step": news.step, "steps": news.steps, "losses": _thinned(losses)}

        train = functools.partial(
            TinyModel.train,
            self.kind,
            seed=self.training_seed,
            steps=steps,
            pictures=self.training_pictures,
            on_progress=tell,
            should_stop=self._stop.is_set,
        )
        try:
            model = await off_loop(train)
            await self._change(model=model)
        finally:
            self.progress = {}
        return model

    @traitlets.observe("model")
    def _model_changed(self, change: Any) -> None:
        model = change["new"]
        if model is not None:
            self.kind = model.subject.kind
            self.training_seed = model.seed
        self.pictures = ()
        self._nearest = {}
        self._refresh()

    # -- drawing -------------------------------------------------------------------------------------------------------

    def draw(self, prompt: str, *, seed: int = 0, steps: int = 40, guidance: float = 1.5) -> TinyPicture:
        """Draw a picture and put it beside the others."""
        return self.compare([prompt], seeds=[seed], steps=steps, guidance=guidance)[-1]

    def compare(
        self, prompts: Iterable[str], *, seeds: Iterable[int] = (0,), steps: int = 40, guidance: float = 1.5
    ) -> tuple[TinyPicture, ...]:
        """Draw every prompt with every seed, side by side; return them."""
        model = self.model
        if model is None:
            raise InvalidRequestError("The model is not trained yet.", hint="lab.train().result() trains it.")
        if not 1 <= steps <= MAX_STEPS:
            raise InvalidRequestError(f"The lab draws in 1 to {MAX_STEPS} steps, not in {steps}.")
        seeds = list(seeds)
        drawn = tuple(
            model.draw(prompt, seed=seed, steps=steps, guidance=guidance) for prompt in prompts for seed in seeds
        )
        self._set_pictures(model, drawn)
        return drawn

    def clear(self) -> None:
        """Put all pictures away."""
        self.pictures = ()
        self._refresh()

    def _set_pictures(self, model: TinyModel, drawn: tuple[TinyPicture, ...]) -> None:
        kept = (*self.pictures, *drawn)[-MAX_SHOWN:]
        for picture in kept:
            if id(picture) not in self._nearest:
                self._nearest[id(picture)] = (model.nearest(picture), model.recognise(picture), model.pictures)
        self.pictures = kept
        self._nearest = {id(picture): self._nearest[id(picture)] for picture in kept}
        self._refresh()

    async def _draw(self, asked: list[tuple[str, int]], steps: int, guidance: float) -> None:
        model = self.model
        if model is None:
            return

        def work() -> None:
            drawn = tuple(model.draw(prompt, seed=seed, steps=steps, guidance=guidance) for prompt, seed in asked)
            self._set_pictures(model, drawn)

        await off_loop(work)

    # -- the page ------------------------------------------------------------------------------------------------------

    def _receive(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        kind = content.get("kind")
        if kind == "ask":
            self._files.push(self._push)
        elif kind == "train" and not self.busy:
            if content.get("subject") in SUBJECTS:
                self.kind = content["subject"]
            self.training_seed = _within(content.get("seed"), 0, MAX_SEED)
            self.training_pictures = FEW[self.kind] if content.get("few") else None
            self.train()
        elif kind == "draw" and self.model is not None and not self.busy:
            self._asked(content)
        elif kind == "clear":
            self.clear()
        elif kind == "file" and _is_place(content.get("number"), len(self.pictures)):
            picture = self.pictures[content["number"]]
            name = "-".join([*picture.prompt.split(), f"seed-{picture.seed}"])
            self._push({"kind": "file", "name": f"{name}.png"}, [picture.to_png()])

    def _asked(self, content: dict[str, Any]) -> None:
        model = self.model
        prompts, seeds = content.get("prompts"), content.get("seeds")
        if model is None or not isinstance(prompts, list) or not isinstance(seeds, list):
            return
        asked = [(str(prompt)[:80], _within(seed, 0, MAX_SEED)) for prompt in prompts for seed in seeds][:MAX_SHOWN]
        steps = _within(content.get("steps"), 1, MAX_STEPS)
        guidance = content.get("guidance")
        strong = min(20.0, max(0.0, float(guidance))) if isinstance(guidance, (int, float)) else 1.5
        self._start(functools.partial(self._draw, asked, steps, strong), what="drawing")

    def _receive_control(self, content: dict[str, Any]) -> None:
        if content.get("kind") == "stop":
            self.stop()

    # -- what is shown -------------------------------------------------------------------------------------------------

    @traitlets.observe("kind", "training_seed", "training_pictures", "language")
    def _settings_changed(self, _change: Any) -> None:
        if hasattr(self, "comm"):
            self._show()

    def _refresh(self) -> None:
        """Make what the page shows anew: it has other pictures to ask for."""
        nearest, files = self._nearest, {}
        for number, picture in enumerate(self.pictures):
            files[f"way{number}"] = as_png(_both_ways(picture))
            files[f"near{number}"] = as_png(nearest[id(picture)][0].image)
        self._files.put(files)
        self._show()

    def _show(self) -> None:
        model, subject = self.model, SUBJECTS[self.kind]
        # First what is known of pictures, then which are shown: another thread may draw, and adds in the other order.
        nearest = self._nearest
        self._told = [(picture, self._facts(picture, *nearest[id(picture)])) for picture in self.pictures]
        told = None
        if model is not None:
            own = model.subject
            told = {
                "steps": model.trained_steps,
                "planned": model.planned_steps,
                "pictures": model.pictures,
                "prompts": list(own.prompts),
                "held_out": list(own.held_out),
            }
        self.view = {
            "key": self._files.key if self._told else "",
            "kind": self.kind,
            "kinds": {kind: {"all": each.pictures, "few": FEW[kind]} for kind, each in SUBJECTS.items()},
            "seed": self.training_seed,
            "few": self.training_pictures is not None and self.training_pictures <= FEW[self.kind],
            "side": subject.side_px,
            "model": told,
            "pictures": [facts for _, facts in self._told],
        }
        self._renew_saved()

    def _facts(self, picture: TinyPicture, near: Nearest, looks: str | None, count: int) -> dict[str, Any]:
        return {
            "prompt": picture.prompt or self._say("any"),
            "seed": picture.seed,
            "steps": picture.steps,
            "guidance": f"{picture.guidance:g}",
            "side": len(picture.image),
            "looks": looks,
            "held_out": self._is_held_out(picture.prompt),
            "near": {
                "prompt": near.prompt,
                "number": near.number,
                "distance": f"{near.distance:.1f}",
                "fresh": f"{near.fresh_distance:.1f}",
                "least": f"{near.fresh_least:.1f}",
                "closer": near.closer_than_chance,
                "count": f"{count:,}",
            },
        }

    def _is_held_out(self, prompt: str) -> bool:
        subject = SUBJECTS[self.kind]
        return subject.words(prompt) in [subject.words(one) for one in subject.held_out]

    # -- what stays ----------------------------------------------------------------------------------------------------

    def _state_text(self) -> str:
        model = self.model
        if model is None:
            return self._say("untrained")
        if model.trained_steps < model.planned_steps:
            return self._say("cut", step=f"{model.trained_steps:,}", steps=f"{model.planned_steps:,}")
        return self._say("ready", steps=f"{model.trained_steps:,}", pictures=f"{model.pictures:,}")

    def _said_of(self, facts: dict[str, Any]) -> list[str]:
        near = facts["near"]
        lines = [self._say("facts", **{key: facts[key] for key in ("seed", "steps", "guidance")})]
        lines += [self._say("held_out")] if facts["held_out"] else []
        lines.append(self._say("looks", what=facts["looks"]) if facts["looks"] else self._say("looks_none"))
        lines.append(self._say("nearest", **{key: near[key] for key in ("count", "number", "prompt")}))
        lines.append(self._say("copied" if near["closer"] else "new", **near))
        return lines

    def _fallback_text(self) -> str:
        lines = [self._say("name"), self._state_text()]
        shown = self._told
        lines += [f"“{facts['prompt']}”: {'; '.join(self._said_of(facts))}" for _, facts in shown]
        return "\n".join([*lines, self._say("law")] if shown else lines)

    def _fallback_html(self) -> str:
        cells = []
        for picture, facts in self._told:
            url = data_url(as_png(enlarged(picture.image, SAVED_PX // len(picture.image))))
            alt = escaped(self._say("alt", **{**facts, "step": facts["steps"]}))
            lines = "<br>".join(escaped(line) for line in self._said_of(facts))
            # Not a table: six of them side by side are wider than a sheet of paper.
            cells.append(
                f'<div style="display:inline-block;vertical-align:top;width:{2 * SAVED_PX}px;margin:0 16px 12px 0;'
                f'font-size:12px;line-height:1.4">'
                f'<img src="{url}" alt="{alt}"><br><strong>{escaped(facts["prompt"])}</strong><br>{lines}</div>'
            )
        table = f"<div>{''.join(cells)}</div><p>{escaped(self._say('law'))}</p>" if cells else ""
        return f"<p><strong>{escaped(self._say('name'))}</strong></p><p>{escaped(self._state_text())}</p>{table}"


def _within(value: Any, least: int, most: int) -> int:
    return min(most, max(least, int(value))) if isinstance(value, (int, float)) and value == value else least


def _is_place(value: Any, count: int) -> bool:
    return isinstance(value, int) and 0 <= value < count


def _thinned(values: list[float], count: int = 100) -> list[float]:
    """Return at most so many of the values, each the mean of its neighbours."""
    pieces = np.array_split(np.array(values), min(count, len(values)))
    return [round(float(piece.mean()), 4) for piece in pieces]


def _both_ways(picture: TinyPicture) -> Any:
    """Return every state in one row, and below it what the model took each for; below the last one the picture."""
    guesses = np.concatenate([picture.guesses, picture.image[None]])
    return np.concatenate([np.concatenate(list(row), axis=1) for row in (picture.trajectory, guesses)], axis=0)
