"""Custom API pages are read as the standard ones, by their own address, key, stamp and units."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import Acts, Effect, Money, Quantity, Record, Refused, Verb
from tests.connectors.dynamics.business_central.parts import Desk, action, client
from tests.connectors.dynamics.business_central.vendor import COMPANY, Said, Vendor, rows

FLEET = "/v2.0/contoso.example/production/api/contoso/fleet/v1.0/"
TRUCKS = f"{FLEET}companies({COMPANY})/trucks"
METADATA = """<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
<Schema Namespace="Microsoft.NAV" xmlns="http://docs.oasis-open.org/odata/ns/edm">
  <EntityType Name="truck">
    <Key><PropertyRef Name="{key}" /></Key>
    <Property Name="plate" Type="Edm.String" />
    <Property Name="line" Type="Edm.Int32" />
    <Property Name="load" Type="Edm.Decimal" />
    <Property Name="loadUnit" Type="Edm.String" />
    <Property Name="toll" Type="Edm.Decimal" />
    <Property Name="tollCurrency" Type="Edm.String" />
    <Property Name="remark" Type="Edm.String" />
    <Property Name="systemModifiedAt" Type="Edm.DateTimeOffset" />
  </EntityType>
  <EntityContainer Name="NAV"><EntitySet Name="trucks" EntityType="Microsoft.NAV.truck" /></EntityContainer>
</Schema></edmx:DataServices></edmx:Edmx>"""
TRUCK: dict[str, Any] = {
    "@odata.etag": 'W/"1"',
    "plate": "HK 0'7",
    "line": 7,
    "load": Decimal("12.50"),
    "loadUnit": "T",
    "toll": 80,
    "tollCurrency": "",
    "remark": "",
    "systemModifiedAt": "2026-03-01T08:00:00.12Z",
}
KIND = {
    "entity_set": "trucks",
    "api": "contoso/fleet/v1.0",
    "fields": ["load", "toll", "remark"],
    "number": "plate",
    "stamp": "systemModifiedAt",
    "money": {"toll": "tollCurrency"},
    "quantities": {"load": "loadUnit"},
}


@pytest.mark.parametrize(
    ("key", "record_id", "condition", "entity"),
    [
        ("plate", "HK 0'7", "plate eq 'HK 0''7'", "trucks('HK 0''7')"),
        ("line", "7", "line eq 7", "trucks(7)"),
    ],
)
def test_a_custom_page_is_read_and_written_by_its_own_key(
    vendor: Vendor, desk: Desk, key: str, record_id: str, condition: str, entity: str
) -> None:
    vendor.on("GET", f"{FLEET}$metadata", Said(200, METADATA.format(key=key).encode()))
    vendor.on("GET", TRUCKS, rows(TRUCK))
    ours = client(vendor, desk, kinds={"truck": KIND}, act_as_integration_user=True)
    (found,) = ours.pull("truck", None).records
    assert (found.id, found.number, found.version) == (record_id, "HK 0'7", "2026-03-01T08:00:00.120Z")
    assert found.fields["load"] == Quantity(Decimal("12.5"), "T")
    assert found.fields["toll"] == Money(Decimal(80), "GBP")
    (read,) = ours.read("truck", [record_id])
    assert isinstance(read, Record)
    assert read.version == found.version
    assert vendor.calls(TRUCKS)[-1].params["$filter"] == f"({condition})"

    def patched(_asked: object) -> Said:
        vendor.on("GET", TRUCKS, rows(TRUCK | {"remark": "late"}))
        return Said(200, TRUCK)

    vendor.on("PATCH", f"{FLEET}companies({COMPANY})/{entity}", patched)
    assert isinstance(ours, Acts)
    wanted = action(Verb.SET, kind="truck", id=record_id, version=found.version, fields={"remark": "late"})
    assert ours.act(wanted).effect is Effect.DONE


@pytest.mark.parametrize("record_id", ["", "x" * 251, "a\nb"])
def test_what_is_no_key_is_refused_before_it_is_asked_for(vendor: Vendor, desk: Desk, record_id: str) -> None:
    vendor.on("GET", f"{FLEET}$metadata", Said(200, METADATA.format(key="plate").encode()))
    with pytest.raises(Refused):
        client(vendor, desk, kinds={"truck": KIND}).read("truck", [record_id])
    assert not vendor.calls(TRUCKS)
