"""Sales and purchase orders as the vendor writes them, in the order of its schema."""

from __future__ import annotations

from collections.abc import Sequence

from tests.connectors.netsuite.soap.parts import STAMP


def ref(name: str, record_id: str, label: str) -> str:
    return f'<{name} internalId="{record_id}"><core:name>{label}</core:name></{name}>'


def line(quantity: str = "100.0", rate: str = "12.5", unit: str = ref("sales:units", "7", "Case")) -> str:
    return (
        f"<sales:item>{ref('sales:item', '5', 'Bolt')}<sales:quantityOnHand>2400.0</sales:quantityOnHand>"
        f"<sales:quantity>{quantity}</sales:quantity>{unit}<sales:rate>{rate}</sales:rate>"
        "<sales:amount>1250.0</sales:amount><sales:line>1</sales:line></sales:item>"
    )


def cells(
    stamp: str = STAMP,
    lines: Sequence[str] = (),
    *,
    day: str = "2026-03-01T08:00:00.000-08:00",
    total: str = "12345678901234.56",
    custom: str = "",
) -> str:
    """A sales order's children. The day is midnight of 2 March in Hong Kong, as the vendor writes it."""
    listed = "".join(lines)
    return (
        f"{ref('sales:entity', '12', 'Harbour Trading')}{ref('sales:currency', '1', 'Hong Kong Dollar')}"
        f"<sales:tranDate>{day}</sales:tranDate><sales:tranId>SO-1042</sales:tranId>"
        f"<sales:orderStatus>_pendingFulfillment</sales:orderStatus><sales:memo>call first</sales:memo>"
        f"<sales:exchangeRate>1.0</sales:exchangeRate><sales:shipComplete>false</sales:shipComplete>"
        f"<sales:total>{total}</sales:total><sales:lastModifiedDate>{stamp}</sales:lastModifiedDate>"
        f"<sales:status>Pending Fulfillment</sales:status><sales:itemList>{listed}</sales:itemList>"
        + (f"<sales:customFieldList>{custom}</sales:customFieldList>" if custom else "")
    )


def order(record_id: str | int, inner: str | None = None) -> str:
    """As a record of a search's page."""
    whole = cells() if inner is None else inner
    return f'<core:record internalId="{record_id}" xsi:type="sales:SalesOrder">{whole}</core:record>'


def read(record_id: str | int, inner: str | None = None) -> str:
    """As a record of an answer to `getList`."""
    return order(record_id, inner).replace("core:record", "messages:record")
