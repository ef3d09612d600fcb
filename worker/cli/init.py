"""`dingbridge init`: questions, credentials tested at once, and the first bridge file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.common import Config, fail, out, settings_for

if TYPE_CHECKING:
    from pydantic import BaseModel

    from connectors.contract import Described
    from worker.first import Answers

SOURCES = ("salesforce", "webhook")


def init(
    config: Config = None,
    answers: Annotated[
        Path | None, typer.Option(help="A YAML or JSON file with the answers, instead of questions.")
    ] = None,
    systems: Annotated[
        list[str] | None,
        typer.Option(
            "--from", help="Copy the starting mapping of a system, with its cases; more than one may be named."
        ),
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="Name the systems that have a starting mapping.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
) -> None:
    """Ask for a source and a group, test each credential at once, and write the bridge file with one route.

    With --from nothing is asked: the starting mappings are copied, and what is left to fill in is named.
    """
    from worker.cli import starting

    if (listed or systems) and answers is not None:
        raise fail("--answers goes with neither --from nor --list", 2)
    if listed:
        starting.show()
    elif systems:
        starting.copy(settings_for(config).config, systems, force=force)
    else:
        _ask_and_write(config, answers, force=force)


def _ask_and_write(config: Path | None, answers: Path | None, *, force: bool) -> None:
    import secrets

    from config.beside import path_beside
    from config.bridge import check
    from config.problem import format_problems
    from worker import first

    path = settings_for(config).config
    beside = path_beside(path)
    if there := [str(one) for one in (path, beside) if one.exists() and not force]:
        raise fail(f"{' and '.join(there)} is there already: --force overwrites it", 2)
    given = _read(answers) if answers is not None else _ask()
    held = first.secrets_of(given, secrets.token_urlsafe(32))
    content = first.bridge_of(given, _tested(given, held))
    first.write(path, content, beside, held)
    if problems := check(path):
        raise fail(f"{path} was written, and has problems:\n{format_problems(problems)}")
    out(f"\nWrote {path} and {beside} (secrets, for this user alone).")
    if given.salesforce is not None:
        kind = content["sources"]["crm"]["kinds"][given.salesforce.object]
        shown = ", ".join(field["path"] for field in kind["fields"].values())
        out(
            f"Its route shows {shown}: the integration user needs Read on {given.salesforce.object} and on each of them."
        )
    if given.source == "webhook":
        out(f"The key of the sender stands in {beside} as WEBHOOK_KEY; it posts to /hooks/shop.")
    out(f"Next: dingbridge check --live --config {path}, dingbridge backtest, then dingbridge up.")


def _read(path: Path) -> Answers:
    from pydantic import ValidationError
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    from worker.first import Answers

    try:
        return Answers.model_validate(YAML(typ="safe").load(path.read_text("utf-8")))
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)]
        raise fail(f"{path} cannot be used:\n  " + "\n  ".join(lines), 2) from None
    except (OSError, YAMLError, UnicodeDecodeError) as error:
        raise fail(f"{path} cannot be read: {type(error).__name__}", 2) from None


def _ask() -> Answers:
    from pydantic import ValidationError

    from worker.first import Answers, Salesforce, Webhook

    source = ""
    while source not in SOURCES:
        source = typer.prompt("Where do facts come from? salesforce or webhook", default=SOURCES[0])
    _grants("salesforce" if source == "salesforce" else "generic")
    given: dict[str, Any] = {"source": source}
    if source == "salesforce":
        by_key = typer.confirm("Sign in with a private key instead of a client secret?", default=False)
        without = {"client_secret"} if by_key else {"username", "key_file"}
        given["salesforce"] = _prompts(Salesforce, without)
    else:
        given["webhook"] = _prompts(Webhook, {"key"})
    _grants("dingtalk")
    given |= _prompts(Answers, {"source", "salesforce", "webhook", "send"})
    given["send"] = typer.confirm("Send a test message into the group now?", default=True)
    try:
        return Answers.model_validate(given)
    except ValidationError as error:
        raise fail("; ".join(str(e["msg"]) for e in error.errors(include_input=False)), 2) from None


def _prompts(model: type[BaseModel], without: set[str]) -> dict[str, Any]:
    """Ask for each setting by its description; what is secret is not shown while it is typed."""
    answers = {}
    for name, field in model.model_fields.items():
        if name in without:
            continue
        hidden = "Secret" in str(field.annotation)
        default = None if field.is_required() or field.default is None else field.default
        answers[name] = typer.prompt(field.description or name, default=default, hide_input=hidden)
    return answers


def _grants(connector: str) -> None:
    from connectors.registry import connector as find

    found = find(connector)
    out(f"\n{found.title}: what to grant")
    for number, sentence in enumerate(found.grants, 1):
        out(f"  {number}. {sentence}")


def _tested(given: Answers, held: Mapping[str, str]) -> Sequence[Described]:
    """Test each credential by a first configuration of one field; what is wrong ends the command."""
    from tempfile import TemporaryDirectory

    from config.bridge import load
    from config.problem import ConfigurationInvalid
    from connectors.contract import ConnectorError, Describes
    from worker import first
    from worker.greet import greet
    from worker.live import look, own_services

    with TemporaryDirectory() as folder:
        path = Path(folder) / "bridge.yaml"
        first.write(path, first.bridge_of(given, ()), path.with_suffix(".env"), held)
        try:
            bridge = load(path)
        except ConfigurationInvalid as error:
            said = "\n  ".join(f"{one.key_path}: {one.sentence}" for one in error.problems)
            raise fail(f"these answers cannot be used, and nothing was written:\n  {said}") from None
    looked = list(look(bridge))
    if given.send and not any(one.level == "wrong" for one in looked):
        looked = list(look(bridge, lambda _, channel, draft: greet(channel, draft)))
    for one in looked:
        out(f"  {one.level:5}  {one.name}  {one.about}: {one.sentence}")
    if any(one.level == "wrong" for one in looked):
        raise fail("mend this and run it again; nothing was written")
    (source,) = bridge.sources.values()
    client = source.connector.build(source.name, source.settings, own_services())
    try:
        return client.describe(source.kinds[0]) if isinstance(client, Describes) else ()
    except ConnectorError as error:
        raise fail(f"{error} Nothing was written.") from None
