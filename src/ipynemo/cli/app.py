"""The commands and their options. What they do is imported when they run, so that `--help` is quick."""

from __future__ import annotations

import io
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from ipynemo.cli.endings import ends_well
from ipynemo.errors import InvalidRequestError

__all__ = ["app", "main"]

SERVE_TOKEN_VARIABLE: Final = "NEMO_SERVE_TOKEN"  # noqa: S105 - a name, not a token

app = typer.Typer(
    name="ipynemo",
    help="Turn a picture into an explainer video.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class Aspect(StrEnum):
    """The shapes of a clip."""

    wide = "16:9"
    tall = "9:16"
    square = "1:1"


CLOUD_HELP: Final = (
    "Use the cloud: pictures are sent there. With NEMO_TOKEN your account's, else anonymously; NEMO_API_URL names "
    "another server. Without --cloud nothing leaves this computer."
)
CAPTIONS_HELP: Final = "Write captions and a transcript beside each clip: .vtt, .srt, .txt."
JSON_HELP: Final = "Print one JSON object on standard output and nothing else there."


def _show_version(wanted: bool) -> None:
    if wanted:
        from ipynemo import __version__

        typer.echo(f"ipynemo {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Turn a picture into an explainer video."""


@app.command()
@ends_well
def explain(
    photos: Annotated[list[str], typer.Argument(metavar="PHOTO...", help="Pictures; a clip is made of each.")],
    message: Annotated[
        str | None, typer.Option("--message", "-m", help="What to ask. [default: what an AI image is]")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="The clip's file, replaced where it exists; or a folder, where no file is replaced. [default: here]",
        ),
    ] = None,
    aspect: Annotated[Aspect | None, typer.Option(help="The clip's shape.")] = None,
    seconds: Annotated[int | None, typer.Option(min=5, max=600, help="The clip's length.")] = None,
    language: Annotated[
        str | None, typer.Option(help="The clip's language, such as en or zh. [default: the locale's]")
    ] = None,
    narration: Annotated[
        bool, typer.Option("--narration", help="A synthetic voice reads the captions aloud (needs espeak-ng).")
    ] = False,
    reduced_motion: Annotated[bool, typer.Option("--reduced-motion", help="Pictures stand still.")] = False,
    captions: Annotated[bool, typer.Option("--captions", help=CAPTIONS_HELP)] = False,
    cloud: Annotated[bool, typer.Option("--cloud", help=CLOUD_HELP)] = False,
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """Make an explainer clip of each picture."""
    from ipynemo.cli.explaining import explain as run
    from ipynemo.cli.targets import targets
    from ipynemo.cli.work import Wish

    try:
        paths = targets(photos, out)
    except InvalidRequestError as error:
        raise typer.BadParameter(str(error), param_hint="'--out' / '-o'") from None
    shape = aspect.value if aspect else None
    access = {"narration": narration, "reduced_motion": reduced_motion, "captions": captions}
    wish = Wish(message, shape, seconds, language, **access)
    run(photos, paths, wish, cloud=cloud, as_json=as_json)


@app.command()
@ends_well
def resume(
    session_id: Annotated[str, typer.Argument(metavar="SESSION", help="The session, as the interrupt told it.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The clip's file. [default: as it was ordered, here]")
    ] = None,
    captions: Annotated[bool, typer.Option("--captions", help=CAPTIONS_HELP)] = False,
    cloud: Annotated[bool, typer.Option("--cloud", help=CLOUD_HELP)] = False,
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """Finish the clip of a session that was interrupted."""
    from ipynemo.cli.explaining import resume as run

    run(session_id, out, captions=captions, cloud=cloud, as_json=as_json)


@app.command()
@ends_well
def serve(
    host: Annotated[
        str, typer.Option(help="Where to listen; anything but this computer demands a token or --anonymous.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 8765,
    data: Annotated[Path | None, typer.Option(help="The folder for pictures and clips. [default: the user's]")] = None,
    database: Annotated[
        str | None,
        typer.Option(
            help="A database, such as postgresql://user@host/name; one with a password comes by IPYNEMO_DATABASE_URL. "
            "[default: SQLite in --data]"
        ),
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(help="Where files and clips lie: file:///folder or s3://bucket/prefix. [default: --data]"),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="The Dask scheduler whose workers make the clips: tcp://host:port. [default: this computer]"),
    ] = None,
    anonymous: Annotated[bool, typer.Option("--anonymous", help="Give everyone who asks a user of their own.")] = False,
    edit_cost: Annotated[int, typer.Option(min=0, help="What a change of the draft costs, in credits.")] = 0,
    credits: Annotated[int, typer.Option(min=0, help="What every user has to spend.")] = 100,  # noqa: A002
    export: Annotated[bool, typer.Option("--export/--no-export", help="Whether exports are part of the plan.")] = True,
    session_days: Annotated[float, typer.Option(min=0, help="A session unused for so long is forgotten.")] = 30.0,
    user_gb: Annotated[float, typer.Option(min=0, help="Room for the files of each user of --anonymous, in GB.")] = 2.0,
    renders_at_once: Annotated[
        int | None, typer.Option(min=1, help="How many clips are made at the same time. [default: one a core]")
    ] = None,
    database_connections: Annotated[
        int, typer.Option(min=1, help="Connections to a PostgreSQL, besides the one that listens for news.")
    ] = 10,
    cache_gb: Annotated[float, typer.Option(min=0, help="Room for copies of files from a bucket, in GB.")] = 4.0,
    ask_token: Annotated[
        bool, typer.Option("--ask-token", help=f"Ask for the token, instead of reading {SERVE_TOKEN_VARIABLE}.")
    ] = False,
) -> None:
    """Serve a class: the same backend for several computers, until Ctrl-C.

    The token comes by the environment variable NEMO_SERVE_TOKEN or is asked for; it never stands on the command line,
    which every user of a computer can read.
    """
    from ipynemo.backend.serve import serve as run

    token = typer.prompt("Token", hide_input=True, err=True) if ask_token else None
    run(
        host=host,
        port=port,
        data=data,
        database=database,
        storage=storage,
        scheduler=scheduler,
        anonymous=anonymous,
        edit_cost=edit_cost,
        credits=credits,
        plan_export=export,
        token=token,
        session_days=session_days,
        user_gb=user_gb,
        renders_at_once=renders_at_once,
        database_connections=database_connections,
        cache_gb=cache_gb,
    )


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
@ends_well
def lab(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(help="Where your copy of the notebooks lies. [default: ipynemo-notebooks]")
    ] = None,
) -> None:
    """Open JupyterLab on your own copy of the notebooks; further options are JupyterLab's.

    A notebook that is there already is left as it is.
    """
    from ipynemo.cli.labbing import open_lab

    open_lab(folder, context.args)


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without × or … is no reason to fail
    app(prog_name="ipynemo")
