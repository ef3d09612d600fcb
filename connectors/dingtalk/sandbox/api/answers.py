"""How the two generations of the API refuse.

The old host answers HTTP 200 with an errcode, the new one an HTTP status with a code:
https://open.dingtalk.com/document/development/server-api-error-codes-1
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from typing import Any

import msgspec


class OldRefusal(Exception):
    """A refusal of the old host. With a `sub_code` the gateway itself refused, and errcode is 88."""

    def __init__(self, errcode: int, errmsg: str, sub_code: str = "") -> None:
        super().__init__(errmsg)
        self.errcode = errcode
        self.errmsg = errmsg
        self.sub_code = sub_code

    def body(self) -> dict[str, Any]:
        """Return the JSON of the answer."""
        told: dict[str, Any] = {"errcode": self.errcode, "errmsg": self.errmsg}
        if self.sub_code:
            told["errmsg"] = f"ding talk error[subcode={self.sub_code},submsg={self.errmsg}]"
            told |= {"sub_code": self.sub_code, "sub_msg": self.errmsg}
        return {**told, "request_id": secrets.token_hex(6)}


def of_gateway(sub_code: int, message: str) -> OldRefusal:
    """Return what the old host's gateway answers: errcode 88 with the real one as `sub_code`."""
    return OldRefusal(88, message, str(sub_code))


class NewRefusal(Exception):
    """A refusal of the new host: an HTTP status, a code and, in `more`, what stands beside them."""

    def __init__(self, status: int, code: str, message: str = "", more: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message or code
        self.more = more or {}

    def body(self) -> dict[str, Any]:
        """Return the JSON of the answer."""
        return {"requestid": str(uuid.uuid4()).upper(), "code": self.code, "message": self.message, **self.more}


def bad(code: str, message: str = "") -> NewRefusal:
    """Return a refusal with HTTP 400."""
    return NewRefusal(400, code, message)


def old_body(told: dict[str, Any]) -> bytes:
    """Return the body of a success of the old host."""
    return msgspec.json.encode({"errcode": 0, "errmsg": "ok", **told, "request_id": secrets.token_hex(6)})
