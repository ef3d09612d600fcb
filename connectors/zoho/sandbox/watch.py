"""The calls that make, change, show and end channels.

See https://www.zoho.com/crm/developer/docs/api/v8/notifications/enable.html,
https://www.zoho.com/crm/developer/docs/api/v8/notifications/update-details.html
and https://www.zoho.com/crm/developer/docs/api/v8/notifications/update-info.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import Response

from connectors.settings_types import is_loopback
from connectors.zoho.sandbox import ids, moments, wire
from connectors.zoho.sandbox.centres import base_url
from connectors.zoho.sandbox.channels import Channel, resource_uri
from connectors.zoho.sandbox.errors import ApiError, RowError
from connectors.zoho.sandbox.gate import Call, answer, info, nothing
from connectors.zoho.sandbox.org import Org
from connectors.zoho.sandbox.people import Right
from connectors.zoho.sandbox.schema import Module

OPERATIONS = frozenset({"create", "edit", "delete", "all"})
TOKEN_LENGTH = 50


def enable(call: Call) -> Response:
    """Make channels: 201, or 202 when one was refused. An id that lives already is taken over."""
    return _each(
        call, 201, lambda given, n: _enabled(call, given, n, None), "subscribed for actions-watch of the given module"
    )


def update(call: Call) -> Response:
    """Replace channels: 200. What is not given falls back to its default."""

    def work(given: Mapping[str, Any], n: int) -> dict[str, Any]:
        known = _known(call, given, n)
        return _enabled(call, {"events": sorted(known.events), "notify_url": known.url, **given}, n, None)

    return _each(call, 200, work, "updated the subscribe details")


def change(call: Call) -> Response:
    """Change what is given of channels: 200. `_delete_events` takes the named events away."""

    def work(given: Mapping[str, Any], n: int) -> dict[str, Any]:
        known = _known(call, given, n)
        if given.get("_delete_events") is True:
            left = replace(known, events=known.events - frozenset(given.get("events") or known.events))
            call.org.channels.put(left)
            if not left.events:
                call.org.channels.end(known.id)
            return {"events": _told(call, known)}
        return _enabled(call, given, n, known)

    return _each(call, 200, work, "updated the subscribe details")


def disable(call: Call) -> Response:
    """End the channels of `channel_ids`: 200, or 202 when one is not there."""
    named = call.param("channel_ids")
    if not named:
        details = {"param_name": "channel_ids", "param": "channel_ids"}
        raise ApiError(400, "REQUIRED_PARAM_MISSING", "One of the expected parameter is missing", details)
    rows = [{"channel_id": text.strip()} for text in named.split(",")]

    def work(given: Mapping[str, Any], n: int) -> dict[str, Any]:
        known = _known(call, given, n)
        call.org.channels.end(known.id)
        first = _told(call, known)[0]
        return {name: first[name] for name in ("resource_uri", "resource_id", "channel_id")}

    return _settled(call, 200, rows, work, "un-subscribed from actions-watch")


def shown(call: Call) -> Response:
    """Return the caller's channels, one entry for each module: 200, or 204 when there are none."""
    wanted, named = call.param("channel_id"), call.param("module")
    found = [c for c in call.org.channels.living(call.user) if wanted in {None, str(c.id)}]
    entries = [entry for c in found for entry in _entries(call, c) if named in {None, entry["resource_name"]}]
    if not entries:
        return nothing(204)
    return answer({"watch": entries, "info": info(count=len(entries))})


def shown_id(org: Org, channel_id: int) -> str | int:
    """Return a channel's id as answers have it. A-ZOHO-77: the pages call it a long and print text."""
    return channel_id if org.switches.channel_id == "number" else str(channel_id)


def _enabled(call: Call, given: Mapping[str, Any], n: int, known: Channel | None) -> dict[str, Any]:
    """Write a channel from what is given, or over `known`, and return what the caller is told."""
    number = ids.parse(given.get("channel_id"))
    if number is None:
        raise _wrong(given, "channel_id", n, "long")
    made = known or Channel(
        number, call.user, call.grant.centre, base_url(call.request), "", frozenset(), _expiry(call, given, n)
    )
    if known is not None and "channel_expiry" in given:
        made = replace(made, expires=_expiry(call, given, n))
    if known is None or "notify_url" in given:
        made = replace(made, url=_url(given, n))
    if known is None or "events" in given:
        made = replace(made, events=_events(call, given, n))
    made = replace(made, **_rest(given, n))
    call.org.channels.put(made)
    return {"events": _told(call, made)}


def _rest(given: Mapping[str, Any], n: int) -> dict[str, Any]:
    token = given.get("token")
    if token is not None and (not isinstance(token, str) or len(token) > TOKEN_LENGTH):
        raise RowError("INVALID_DATA", "invalid data", _at("token", n))
    names = {
        "token": "token",
        "return_affected_field_values": "values",
        "notify_on_related_action": "related",
        "notification_condition": "condition",
    }
    return {own: given[name] for name, own in names.items() if given.get(name) is not None}


def _url(given: Mapping[str, Any], n: int) -> str:
    """Return the address to tell. The twin tells nobody but this machine."""
    url = given.get("notify_url")
    if url is None:
        raise _missing("notify_url", n)
    parts = urlsplit(str(url))
    if parts.scheme not in {"http", "https"} or not is_loopback(parts.hostname or ""):
        raise _wrong(given, "notify_url", n, "url")
    return str(url)


def _events(call: Call, given: Mapping[str, Any], n: int) -> frozenset[str]:
    events = given.get("events")
    if not events:
        raise _missing("events", n)
    if not isinstance(events, list):
        raise _wrong(given, "events", n, "jsonarray")
    for event in events:
        name, _, operation = str(event).partition(".")
        module = call.org.modules.get(name)
        if module is None or operation not in OPERATIONS:
            raise _wrong(given, "events", n, "string")
        _check(call, module)
    return frozenset(events)


def _check(call: Call, module: Module) -> None:
    try:
        call.org.rules.check(call.user, module, Right.VIEW)
    except ApiError as error:
        raise RowError(error.code, error.message, error.details) from error


def _expiry(call: Call, given: Mapping[str, Any], n: int) -> datetime:
    """Return when a channel ends: what is not given, and what is too far, means an hour."""
    settings, now = call.org.settings, moments.now()
    default = now + timedelta(seconds=settings.channel_seconds)
    asked = given.get("channel_expiry")
    if asked is None:
        return default
    moment = moments.parse(asked)
    if moment is None or moment <= now:
        raise _wrong(given, "channel_expiry", n, "datetime")
    return moment if moment <= now + timedelta(seconds=settings.channel_max_seconds) else default


def _known(call: Call, given: Mapping[str, Any], n: int) -> Channel:
    if "channel_id" not in given:
        raise _missing("channel_id", n)
    known = call.org.channels.find(ids.parse(given["channel_id"]), call.user)
    if known is None:
        details = {"channel_id": given["channel_id"]}
        raise RowError("NOT_SUBSCRIBED", "Given channel id is not subscribed", details)
    return known


def _told(call: Call, channel: Channel) -> list[dict[str, Any]]:
    return [
        {
            "channel_expiry": moments.render(channel.expires, call.org.zone(call.user)),
            "resource_uri": resource_uri(channel, name),
            "resource_id": str(call.org.modules[name].id),
            "resource_name": name,
            "channel_id": shown_id(call.org, channel.id),
        }
        for name in channel.modules()
    ]


def _entries(call: Call, channel: Channel) -> list[dict[str, Any]]:
    return [
        {
            **told,
            "notify_url": channel.url,
            "events": sorted(e for e in channel.events if e.startswith(f"{told['resource_name']}.")),
            "token": channel.token,
            "fields": None,
            "notify_on_related_action": channel.related,
            "return_affected_field_values": channel.values,
            "notification_condition": list(channel.condition),
        }
        for told in _told(call, channel)
    ]


Work = Callable[[Mapping[str, Any], int], dict[str, Any]]


def _each(call: Call, status: int, work: Work, message: str) -> Response:
    rows = wire.decode(call.body).get("watch")
    if rows is None:
        raise ApiError(
            400, "MANDATORY_NOT_FOUND", "required field not found", {"api_name": "watch", "json_path": "$.watch"}
        )
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        details = {"expected_data_type": "jsonarray", "api_name": "watch", "json_path": "$.watch"}
        raise ApiError(400, "INVALID_DATA", "invalid data", details)
    return _settled(call, status, rows, work, message)


def _settled(call: Call, status: int, rows: Sequence[Mapping[str, Any]], work: Work, message: str) -> Response:
    results: list[dict[str, Any]] = []
    for n, row in enumerate(rows):
        try:
            told = work(row, n)
        except RowError as error:
            # A-ZOHO-60: the pages say 400 and the specification 202 with rows
            if call.org.switches.watch_error_status == 400:
                raise
            results.append(error.body())
            status = 202
        else:
            done = f"Successfully {message}"
            results.append({"status": "success", "code": "SUCCESS", "message": done, "details": told})
    return answer({"watch": results}, status)


def _missing(name: str, n: int) -> RowError:
    return RowError("MANDATORY_NOT_FOUND", "required field not found", _at(name, n))


def _wrong(given: Mapping[str, Any], name: str, n: int, kind: str) -> RowError:
    if name not in given:
        return _missing(name, n)
    return RowError("INVALID_DATA", "invalid data", {"expected_data_type": kind, **_at(name, n)})


def _at(name: str, n: int) -> dict[str, Any]:
    return {"api_name": name, "json_path": f"$.watch[{n}].{name}"}
