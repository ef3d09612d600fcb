"""What the relays beside the product do with an event: verify, filter, write the same kind of message, sign its URL."""

from __future__ import annotations

import base64
import hmac
import json
import os
import time
import uuid
from typing import Any
from urllib.parse import quote

KEY = os.environ.get("SHOP_KEY", "").encode()
HOOK = os.environ.get("HOOK", "")
SECRET = os.environ.get("HOOK_SECRET", "").encode()


def genuine(signature: str, body: bytes) -> bool:
    return hmac.compare_digest(signature, "sha256=" + hmac.digest(KEY, body, "sha256").hex())


def message(body: bytes | str) -> bytes | None:
    """The message of an event, or None for one that nobody is told of."""
    order = json.loads(body)
    if order["total"] < 1000 or order["status"] != "open":
        return None
    return json.dumps(
        {
            "msgtype": "markdown",
            "markdown": {"title": f"Order {order['number']}", "text": _text(order)},
            "msgUuid": uuid.uuid4().hex,
        }
    ).encode()


def _text(order: dict[str, Any]) -> str:
    rows = {
        "total": f"{order['currency']} {order['total']:,}",
        "status": order["status"],
        "customer": order["customer"]["name"],
        "city": order["customer"]["city"],
        "owner": order["owner"],
        "channel": order["channel"],
        "terms": order["terms"],
        "due": order["due"],
    }
    told = "  \n  ".join(f"{name}: {value}" for name, value in rows.items())
    return f"**Order {order['number']}** · {order['updated_at']}  \n  {told}"


def signed() -> str:
    """The sink's address with this moment's signature."""
    stamp = int(time.time() * 1000)
    digest = hmac.digest(SECRET, b"%d\n%s" % (stamp, SECRET), "sha256")
    return f"{HOOK}&timestamp={stamp}&sign={quote(base64.b64encode(digest), safe='')}"
