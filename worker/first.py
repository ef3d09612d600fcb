"""The first configuration of an installation: from a handful of answers to a bridge file and its file of secrets."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from connectors.contract import Described, Money
from pipelines.mapping import PYTHON
from pipelines.plan import FieldType

_STRICT = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
MOST_FIELDS = 5


class Salesforce(BaseModel):
    """An org, with a client secret or with a user name and a file that holds a private key."""

    model_config = _STRICT

    url: str = Field(description="My Domain address: https://example.my.salesforce.com")
    client_id: str = Field(description="Consumer key of the app")
    client_secret: SecretStr | None = Field(default=None, description="Consumer secret of the app")
    username: str = Field(default="", description="User name of the integration user")
    key_file: Path | None = Field(default=None, description="File of the private key, in PEM form")
    object: str = Field(default="Opportunity", description="Object to begin with")
    number: str = Field(default="Name", description="Field that people call a record by")
    currency: str = Field(default="", description="Currency of amounts, where the org has one only: HKD")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.client_secret is None) == (self.key_file is None):
            raise ValueError("give either client_secret or key_file with username")
        if self.key_file is not None and not self.username:
            raise ValueError("a key file needs the username that it stands for")
        return self


class Webhook(BaseModel):
    """A system that pushes signed JSON; without a key a strong one is made."""

    model_config = _STRICT

    kind: str = Field(default="order", description="What it sends, in one word: order")
    id: str = Field(default="id", description="Where the record's id stands in the JSON: order.id")
    key: SecretStr | None = Field(default=None, description="The shared key")


class Answers(BaseModel):
    """What `init` asks."""

    model_config = _STRICT

    source: Literal["salesforce", "webhook"] = Field(description="Where facts come from")
    salesforce: Salesforce | None = None
    webhook: Webhook | None = None
    robot: SecretStr = Field(description="The whole webhook of the group's robot")
    sign: SecretStr = Field(description="Its secret, which begins with SEC")
    zone: str = Field(default="Asia/Shanghai", description="Time zone of the group")
    locale: str = Field(default="zh_Hans_CN", description="Language of the group")
    send: bool = Field(default=False, description="Send a test message into the group")

    @model_validator(mode="after")
    def _has_its_source(self) -> Self:
        if getattr(self, self.source) is None:
            raise ValueError(f"source is {self.source}: give {self.source} as well")
        return self


def secrets_of(answers: Answers, key: str) -> dict[str, str]:
    """Return the secrets by the names under which they are kept; `key` is the webhook's."""
    held = {"DINGTALK_WEBHOOK": answers.robot.get_secret_value(), "DINGTALK_SECRET": answers.sign.get_secret_value()}
    if answers.salesforce is not None and answers.salesforce.client_secret is not None:
        held["SALESFORCE_SECRET"] = answers.salesforce.client_secret.get_secret_value()
    if answers.webhook is not None:
        held["WEBHOOK_KEY"] = answers.webhook.key.get_secret_value() if answers.webhook.key else key
    return held


def bridge_of(answers: Answers, described: Sequence[Described]) -> dict[str, Any]:
    """Return the bridge file as plain data: one source, one kind, one destination, one route."""
    fields: dict[str, Any]
    if answers.salesforce is not None:
        name, kind = "crm", answers.salesforce.object
        source = _salesforce(answers.salesforce)
        fields = fields_of(answers.salesforce, described)
        source["kinds"] = {kind: {"read": {"number": answers.salesforce.number}, "fields": fields}}
    else:
        one = answers.webhook or Webhook()
        name, kind, fields = "shop", one.kind, {"number": {"path": one.id, "type": "text", "label": "Number"}}
        settings = {"signature": {"keys": ["env:WEBHOOK_KEY"]}, "kind": kind, "id": one.id, "number": one.id}
        source = {"connector": "generic", "settings": settings, "kinds": {kind: {"fields": fields}}}
    robot = {"kind": "robot", "webhook": "env:DINGTALK_WEBHOOK", "secret": "env:DINGTALK_SECRET"}
    group = {"connector": "dingtalk", "zone": answers.zone, "locale": answers.locale, "settings": robot}
    route = {"from": f"{name}.{kind}", "to": "group", "title": kind, "fields": list(fields)}
    return {"version": 1, "sources": {name: source}, "destinations": {"group": group}, "routes": {"first": route}}


def fields_of(answers: Salesforce, described: Sequence[Described]) -> dict[str, Any]:
    """Choose the fields that a first message shows: the number, then what tells most by its type."""
    types = {value: name for name, value in PYTHON.items()}
    order = (FieldType.MONEY, FieldType.CHOICE, FieldType.DATE, FieldType.NUMBER)
    number = [one for one in described if one.path == answers.number and one.value is str]
    number = number or [Described(answers.number, answers.number, str)]
    rest = [one for one in described if types[one.value] in order and one.path != "CurrencyIsoCode"]
    rest = [one for one in rest if one.value is not Money or one.currency_path or answers.currency]
    seen: list[Described] = number
    for wanted in order:
        seen += [one for one in rest if types[one.value] is wanted][:1]
    return {_identifier(one.path): _field(one, types[one.value], answers.currency) for one in seen[:MOST_FIELDS]}


def write(bridge: Path, content: Mapping[str, Any], secrets: Path, held: Mapping[str, str]) -> None:
    """Write both files; the secrets can be read by their owner alone, from the first moment."""
    bridge.parent.mkdir(parents=True, exist_ok=True)
    tree = CommentedMap(content)
    tree.yaml_set_start_comment(
        "Written by `dingbridge init`. All keys: docs/reference/configuration.md. Secrets stand in "
        f"{secrets.name}, never here.\nAfter a change: dingbridge check, then dingbridge apply."
    )
    lines = ["# The secrets of the bridge file beside this one: NAME=value, everything behind the sign is the value."]
    lines += [f"{name}={value}" for name, value in held.items()]
    secrets.unlink(missing_ok=True)
    with os.fdopen(os.open(secrets, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    with bridge.open("w", encoding="utf-8") as file:
        YAML().dump(tree, file)


def _salesforce(answers: Salesforce) -> dict[str, Any]:
    auth: dict[str, Any] = {
        "client_credentials": {"client_id": answers.client_id, "client_secret": "env:SALESFORCE_SECRET"}
    }
    if answers.key_file is not None:
        key = f"file:{answers.key_file.absolute()}"
        auth = {"jwt": {"client_id": answers.client_id, "username": answers.username, "private_key": key}}
    return {"connector": "salesforce", "settings": {"url": answers.url, "auth": auth}}


def _identifier(path: str) -> str:
    """Write a field's path as conditions name it: StageName -> stage_name."""
    words = "".join(f"_{c.lower()}" if c.isupper() else c for c in path.removesuffix("__c"))
    return "_".join(filter(None, words.split("_")))


def _field(one: Described, kind: FieldType, currency: str) -> dict[str, Any]:
    field = {"path": one.path, "type": str(kind), "label": one.label}
    if kind is FieldType.MONEY:
        field |= {"currency_path": one.currency_path} if one.currency_path else {"currency": currency}
    return field
