"""`dingbridge sandbox`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from worker.cli.common import Json, Supervised, fail, out, out_json


def sandbox(
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            help="This twin alone: dingtalk, salesforce, zoho, netsuite, dynamics or generic; may be given again.",
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65000, help="The first twin's port, the others count up; 0 takes free ones.")
    ] = 0,
    host: Annotated[str, typer.Option(help="A loopback address.")] = "127.0.0.1",
    as_json: Json = False,
    supervised: Supervised = False,
) -> None:
    """Serve local twins of DingTalk, Salesforce and Zoho CRM, to try, teach and test without an account.

    Ctrl-C ends them.
    """
    from worker.sandbox import host as twins

    if supervised:
        from worker.supervisor import end_with_parent

        end_with_parent()

    def ready(described: Mapping[str, Mapping[str, Any]]) -> None:
        if as_json:
            out_json(described)
            return
        for name, parts in described.items():
            out(f"{name}")
            for key, value in parts.items():
                out(f"  {key}: {value}")

    try:
        twins.serve(twins.make(only or twins.TWINS), host, port, ready)
    except twins.SandboxFault as error:
        raise fail(str(error), 2) from None
