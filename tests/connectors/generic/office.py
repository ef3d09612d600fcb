"""A client of the twin, and decisions on its requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from connectors.contract import Action, Scalar, Services, Verb
from connectors.generic import CONNECTOR
from connectors.generic.client import Client
from connectors.generic.settings import GenericSettings
from tests.connectors.generic.sandbox.served import ADA, KIND, Served
from tests.contract.case import local_services
from tests.served import served_session

SECONDS = {"connect_timeout": "1s", "read_timeout": "1s"}


def services() -> Services:
    return replace(local_services(), session=served_session, now=lambda: datetime.now(UTC))


def client(erp: Served, write_back: Mapping[str, Any] | None = None, **changes: Any) -> Client:
    """A client with short deadlines; `write_back` changes some of its settings."""
    changed = {**erp.settings["write_back"], **SECONDS, **(write_back or {})}
    settings = GenericSettings.model_validate({**erp.settings, "write_back": changed, **changes})
    built = CONNECTOR.build("erp", settings, services())
    assert isinstance(built, Client)
    return built


def approve(id_: str = "501", **changes: Any) -> Action:
    return replace(Action("d-7f3a", Verb.APPROVE, KIND, id_, ADA, "1", comment="fine"), **changes)


def put(fields: Mapping[str, Scalar], **changes: Any) -> Action:
    return approve(verb=Verb.SET, fields=fields, **changes)
