"""The command that answers over HTTP."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.cli.opening import open_engine
from engine.cli.options import CATALOGUE, INDEX, CatalogueOption, IndexOption, flag
from engine.cli.render.console import message
from indexer.errors import ConfigError

FINISH_S = 30  # for answers that run when the service ends

serving = typer.Typer()


@serving.command(rich_help_panel="Serve")
def serve(
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", metavar="N", min=0, max=65_535, help="0 takes a free one.")] = 8080,
    workers: Annotated[int, typer.Option("--workers", metavar="N", min=1, max=64, help="Processes that answer.")] = 1,
    token: Annotated[
        Path | None,
        typer.Option("--token", metavar="FILE", help="Its first line is what callers show; needed for other machines."),
    ] = None,
    watch: Annotated[bool, flag("--watch", help="Take a newer generation of the index without a restart.")] = False,
    catalogue: CatalogueOption = CATALOGUE,
    index: IndexOption = INDEX,
) -> None:
    """Answer over HTTP: an API, the shapes of Spotify and OpenSubsonic, and a page to look at and listen to."""
    try:
        import uvicorn

        from engine.service.app import make_app
        from engine.service.connection import Connection
        from engine.service.workers import run_workers, socket_at
    except ImportError as error:
        raise ConfigError(f"serve needs the package {error.name}; pip install 'refrain[serve]'") from None
    from engine.service.settings import Settings, shown_host

    settings = Settings(
        index=str(index), catalogue=catalogue, host=host, port=port,
        token=None if token is None else str(token), watch=watch,
    )  # fmt: skip
    app = make_app(settings)  # also where workers make their own: what is wrong is one line, before anything starts
    logging.basicConfig(format="refrain: %(message)s", level=logging.WARNING)
    logging.getLogger("refrain").setLevel(logging.INFO)
    options: dict[str, Any] = {
        "log_level": "warning", "access_log": False, "server_header": False, "http": Connection,
        "timeout_graceful_shutdown": FINISH_S,
    }  # fmt: skip
    with socket_at(host, port, workers) as reserved:
        message(f"Refrain answers at http://{shown_host(host)}:{reserved.getsockname()[1]}/ ; Ctrl-C ends it")
        if workers == 1:
            uvicorn.Server(uvicorn.Config(app, **options)).run([reserved])
        else:
            settings.hand_over()
            made = "engine.service.app:handed_over"
            run_workers(uvicorn.Config(made, factory=True, workers=workers, **options), [reserved])


@serving.command(rich_help_panel="Serve")
def mcp(index: IndexOption = INDEX) -> None:
    """Answer an assistant over stdin and stdout, as a server of the Model Context Protocol."""
    try:
        from engine.service.mcp import make_server
    except ImportError as error:
        raise ConfigError(f"mcp needs the package {error.name}; pip install 'refrain[mcp]'") from None
    from engine.information import version

    with open_engine(index) as engine:
        make_server(engine, version()).run("stdio")
