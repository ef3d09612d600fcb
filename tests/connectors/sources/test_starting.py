"""The starting mappings read what the vendors' twins have: each field is there and of its type."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from config import starting
from config.bridge import load
from config.compile import Bridge
from connectors.contract import HIDDEN, Misconfigured, RawRequest, Record
from pipelines.plan import FieldMap, Kind
from tests.config.starting.copies import ENVIRON, KEY, copied
from tests.connectors.sources.desk import Client, Desk
from tests.connectors.sources.twins import standing
from tests.served import Host
from worker.described import compared

NETSUITE = "https://system.netsuite.com/help/helpcenter/en_US/APIs/REST_API_Browser/record/v1/2026.1/index.html"
DYNAMICS = "https://learn.microsoft.com/dynamics365/developer/reference/entities/"
NOT_AT_TWIN: Mapping[tuple[str, str, str], str] = {
    ("salesforce", "Account", "Type"): (
        "https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/"
        "sforce_api_objects_account.htm"
    ),
    ("zoho", "Invoices", ""): "https://zoho.com/crm/developer/docs/api/v2/invoices-response.html",
    ("netsuite", "salesOrder", "salesRep"): NETSUITE,
    ("netsuite", "invoice", "amountRemaining"): NETSUITE,
    ("netsuite", "purchaseRequisition", ""): NETSUITE,
    ("netsuite", "itemFulfillment", ""): NETSUITE,
    ("dataverse", "incident", "owningteam"): f"{DYNAMICS}incident",
    ("dataverse", "invoice", ""): f"{DYNAMICS}invoice",
}
"""What the twins lack (no path: the whole kind), with the vendor's page that has it."""


@dataclass(frozen=True, slots=True)
class AtTwin:
    """A vendor's twin by its name among those of the sources, and the settings that lead there."""

    name: str
    settings: Callable[[Any], dict[str, Any]]


def salesforce(it: Any) -> dict[str, Any]:
    return {"url": it.sf.base, "auth": it.auth}


def zoho(it: Any) -> dict[str, Any]:
    return dict(it.app)


def netsuite(it: Any) -> dict[str, Any]:
    facts = {"account": it.facts["account"], "zone": it.facts["company_zone"]}
    return {**facts, "base_url": it.served.base, "auth": {"oauth2": it.certificate}}


def dataverse(it: Any) -> dict[str, Any]:
    return {"url": it.served.base, **entra(it)}


def business_central(it: Any) -> dict[str, Any]:
    facts = {"environment": it.central["environment"], "company": it.company}
    return {**facts, "api_url": it.served.base, **entra(it)}


def entra(it: Any) -> dict[str, Any]:
    app = {name: it.facts[name] for name in ("client_id", "client_secret")}
    return {"tenant": it.facts["tenant_id"], "login_url": it.served.base, **app}


TWINS = {
    "salesforce": AtTwin("salesforce", salesforce),
    "zoho": AtTwin("zoho by query", zoho),
    "netsuite": AtTwin("netsuite by query", netsuite),
    "dataverse": AtTwin("dataverse by changes", dataverse),
    "business-central": AtTwin("business central", business_central),
}


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Bridge:
    return load(copied(tmp_path_factory.mktemp("all"), *starting.names()), environ=ENVIRON)


def kinds(bridge: Bridge, source: str) -> list[Kind]:
    return [kind for (of, _), kind in bridge.plan.kinds.items() if of == source]


def everything(client: Client, kind: str) -> list[Record]:
    records: list[Record] = []
    cursor, more = None, True
    while more:
        page = client.pull(kind, cursor)
        assert page.unread == ()
        records += page.records
        cursor, more = page.cursor, page.more
    return records


def test_each_system_that_has_a_twin_is_tried_there() -> None:
    assert {*TWINS, "shop"} == set(starting.names())


@pytest.mark.parametrize("source", TWINS)
def test_each_field_is_at_the_vendor_and_of_its_type(source: str, bridge: Bridge, hosts: dict[str, Host]) -> None:
    twin, config = TWINS[source], bridge.sources[source]
    with standing(hosts, twin.name) as it:
        settings = {**twin.settings(it), "kinds": config.settings.kinds}  # type: ignore[attr-defined]  # each connector's have them
        built = config.connector.build(source, config.connector.settings.model_validate(settings), Desk().services())
        client: Client = built  # type: ignore[assignment]  # it fulfils these protocols
        lacking = {(source, kind.kind, path) for kind in kinds(bridge, source) for path in missing(client, kind)}
        assert lacking == {key for key in NOT_AT_TWIN if key[0] == source}
        assert list(compared(client, kinds(bridge, source))) == []


def missing(client: Client, kind: Kind) -> set[str]:
    """Return the mapped paths that no record has, or one empty text where the vendor has no such records."""
    try:
        records = everything(client, kind.kind)
    except Misconfigured:
        return {""}
    if not records:
        return {""}
    # a customer's history comes beside new records alone
    fields = [field for field in kind.fields if field.path != "history"]
    return {path for field in fields for path in absent(field, records)}


def absent(field: FieldMap, records: list[Record]) -> set[str]:
    values = [record.fields.get(field.path, HIDDEN) for record in records]
    if HIDDEN in values:
        return {field.path}
    rows = [row for value in values if isinstance(value, tuple) for row in value if isinstance(row, Mapping)]
    return {f"{field.path}.{each.path}" for each in field.columns if not any(each.path in row for row in rows)}


def test_what_the_shop_is_shown_to_post_is_what_is_read(bridge: Bridge) -> None:
    """The pushes stand as comments at the top of the file."""
    text = starting.text(Path("systems/shop.yaml"))
    shown = "".join(line.removeprefix("#") for line in text.splitlines() if line.startswith("#  "))
    bodies = pushes(shown)
    config = bridge.sources["shop"]
    client: Client = config.connector.build("shop", config.settings, Desk().services())  # type: ignore[assignment]  # it fulfils these protocols
    for body in bodies:
        raw = json.dumps(body).encode()
        signature = "sha256=" + hmac.new(KEY.encode(), raw, hashlib.sha256).hexdigest()
        received = client.receive(RawRequest("POST", {"x-signature": signature}, "", raw, datetime.now(UTC)))
        (record,) = received.records
        kind = bridge.plan.kinds["shop", body["kind"]]
        assert {path for field in kind.fields for path in absent(field, [record])} == set()
        assert (record.id, record.version, record.number) == (body["id"], body["revision"], body["number"])
    assert {body["kind"] for body in bodies} == {kind.kind for kind in kinds(bridge, "shop")}


def pushes(shown: str) -> list[dict[str, Any]]:
    decoder, found, at = json.JSONDecoder(), [], 0
    while (at := shown.find("{", at)) >= 0:
        body, at = decoder.raw_decode(shown, at)
        found.append(body)
    return found
