"""The bodies that the control API takes."""

from __future__ import annotations

from typing import Any

import msgspec

from connectors.zoho.sandbox.centres import HOME
from connectors.zoho.sandbox.people import SALESPERSON, Access, Right
from connectors.zoho.sandbox.schema import Type


class Write(msgspec.Struct, forbid_unknown_fields=True):
    """A change behind the vendor's back.

    `values` of one record; `user` is an address or id (default: the salesperson), `stamp` an ISO 8601 time with an
    offset, `transaction` the id of an open one; `quiet` sends no notification.
    """

    values: dict[str, Any] = {}
    user: str = SALESPERSON.email
    stamp: str | None = None
    transaction: str | None = None
    quiet: bool = False


class Seed(msgspec.Struct, forbid_unknown_fields=True):
    """Many records at once, `per_second` of them with each stamp from `start` (ISO 8601) on; nobody is told.

    `{n}` in a text of `values` is the record's number, from 1.
    """

    count: int
    start: str
    values: dict[str, Any]
    per_second: int = 1


class State(msgspec.Struct, forbid_unknown_fields=True):
    """A record's state apart from its fields. `awaiting`: addresses of those whose approval it waits for."""

    in_process: bool | None = None
    locked: bool | None = None
    awaiting: list[str] | None = None


class Alter(msgspec.Struct, forbid_unknown_fields=True):
    """A change of a field: one of `remove`, `rename` (the new name) and `retype` (the new data type)."""

    remove: bool = False
    rename: str | None = None
    retype: Type | None = None


class Permit(msgspec.Struct, forbid_unknown_fields=True):
    """What a profile may do: with `field` its `access`, else whether it has `right` on the module."""

    profile: str
    module: str
    field: str | None = None
    access: Access = Access.READ_WRITE
    right: Right | None = None
    allowed: bool = True


class Private(msgspec.Struct, forbid_unknown_fields=True):
    """Whether records of `module` are for their owner and those above alone."""

    module: str
    private: bool = True


class Agree(msgspec.Struct, forbid_unknown_fields=True):
    """Make a grant code, or with `refresh` a refresh token, of `user` for `scopes` in `centre`."""

    user: str
    scopes: list[str]
    centre: str = HOME
    redirect_uri: str = "http://127.0.0.1/callback"
    refresh: bool = False


class Refuse(msgspec.Struct, forbid_unknown_fields=True):
    """Refuse the next `count` calls with 429 (default 1), or all for `seconds`."""

    count: int | None = None
    seconds: float | None = None


class Expire(msgspec.Struct, forbid_unknown_fields=True):
    """End all access tokens, or those of one `user`."""

    user: str | None = None


class Spend(msgspec.Struct, forbid_unknown_fields=True):
    """Use so many credits."""

    credits: int
