"""A purchase-request system that speaks the protocol of writing back, served locally.

It is written from the protocol's description alone and shares no code with the connector.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.generic.sandbox.company import KIND, filled
from connectors.generic.sandbox.control import ControlApi
from connectors.generic.sandbox.protocol import ROOT, Protocol
from connectors.sandbox.twin import Control, Twin

__all__ = ["create"]

# the same at each start, so that a configuration written for the twin stays good
PUSH_KEY = "sandbox-key-of-the-pushes-of-purchasing"
WRITE_BACK_KEY = "sandbox-key-of-writing-back-to-purchasing"
KEY_ID = "dingbridge"


def create() -> Twin:
    """Make a company at the beginning of its day. Nothing is bound: the host process serves `app`."""
    company = filled(lambda: datetime.now(UTC))

    def describe(base: str) -> Mapping[str, Any]:
        return {
            "name": "generic",
            "base_url": base,
            "settings": {
                "signature": {
                    "prefix": "sha256=",
                    "signed": "timestamp.body",
                    "timestamp_header": "X-Signed-At",
                    "keys": [PUSH_KEY],
                },
                "kind_path": "type",
                "id": "id",
                "version": "revision",
                "time": "changed_at",
                "number": "request.number",
                "changed_by": "changed_by",
                "deleted": "deleted",
                "write_back": {"url": f"{base}/{ROOT}", "key": WRITE_BACK_KEY, "key_id": KEY_ID},
            },
            "kind": KIND,
            "users": [
                {"id": user.id, "name": user.name, "limit": str(user.limit), "buys": user.buys}
                for user in company.users.values()
            ],
            "requests": [
                {"id": id_, "number": request.number, "subject": request.subject, "amount": str(request.amount)}
                for id_, request in company.requests.items()
            ],
        }

    protocol = Protocol(company, {KEY_ID: WRITE_BACK_KEY.encode()})
    control = Control(protocol, [*ControlApi(company, PUSH_KEY.encode(), describe).routes()])
    return Twin("generic", control, describe)
