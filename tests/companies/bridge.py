"""The bridge file for a batch of generated companies: one application, a source for each company and one for all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from tests.companies.company import PUBLIC, Attestation, Channel, Clearance, Company, Destination, Route, Word

APPLICATION = "office"
OPERATORS = "operators"
KIND = "fact"
OWNERS = "owners"
PLAIN = {name: {"path": name, "type": "text"} for name in ("way", "owner")}
UNTIL = {Word.VALID: "2999-12-31", Word.EXPIRED: "2020-12-31"}
PLENTY = "100000000"
CALLS_A_SECOND = "60"
_PLACE: dict[str, Any] = {"connector": "dingtalk", "zone": "Asia/Hong_Kong", "locale": "en"}
TEMPLATE = "sandbox-approval.schema"


def bridge(companies: Iterable[Company], app: Mapping[str, Any], site: str) -> str:
    """The file's text; YAML holds JSON. Secrets lie beside it: `app.secret`, and `NAME.secret` for a webhook."""
    each = list(companies)
    application = {
        "client_id": app["client_id"],
        "client_secret": "file:app.secret",
        "site": site,
        "calls_a_second": CALLS_A_SECOND,
        "calls_a_month": PLENTY,
        "pushes_a_month": PLENTY,
    }
    settings = _Settings(application, str(app["agent_id"]))
    file = {
        "version": "1",
        "classes": [class_ for one in each for class_ in one.fields.values() if class_ != PUBLIC],
        "clearances": {class_: _clearance(entry) for one in each for class_, entry in one.clearances.items()},
        "sources": {**{one.name: _source(_fields(one)) for one in each}, OWNERS: _owners(each)},
        "applications": {APPLICATION: {"connector": "dingtalk", "settings": {"application": application}}},
        "destinations": {OPERATORS: _PLACE | {"settings": _webhook(OPERATORS)}}
        | {name: settings.destination(one, place) for one in each for name, place in one.destinations.items()},
        "routes": {name: _route(one, route) for one in each for name, route in one.routes.items()},
        "operators": {"destination": OPERATORS},
    }
    return json.dumps(file, indent=0)


def _clearance(entry: Clearance) -> dict[str, list[str]]:
    return {form: list(names) for form, names in asdict(entry).items() if names}


def source_of(company: Company, route: Route) -> str:
    """The source that tells a route's facts: the company's own, or the one whose users are matched with people."""
    return OWNERS if route.owner else company.name


def _owners(companies: Iterable[Company]) -> dict[str, Any]:
    """The source whose users are people: its fields are each company's own, because their classes are."""
    fields = {
        _named(one, name): given for one in companies for name, given in _fields(one).items() if name in one.fields
    }
    return {**_source(PLAIN | fields), "people": {"application": APPLICATION, "by": "user"}}


def _named(company: Company, field: str) -> str:
    return f"{company.name}_{field}"


def _fields(company: Company) -> dict[str, dict[str, str]]:
    own = {name: {"path": name, "type": "text", "class": class_} for name, class_ in company.fields.items()}
    return PLAIN | own


def _source(fields: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    return {
        "connector": "generic",
        "settings": {
            "kind": KIND,
            "signature": {"keys": ["env:SHOP_KEY"], "prefix": "sha256="},
            "id": "id",
            "number": "number",
            "time": "at",
            "version": "rev",
        },
        "kinds": {KIND: {"fields": fields}},
    }


def _route(company: Company, route: Route) -> dict[str, Any]:
    (*_, last) = route.to
    to: Any = {"person": "owner", "by": last, "otherwise": f"{company.name}-staff"} if route.owner else list(route.to)
    made = {
        "from": f"{source_of(company, route)}.{KIND}",
        "equals": {"way": route.way},
        "to": to,
        "title": "News",
        "fields": [_named(company, each) if route.owner else each for each in route.fields],
        "policy": str(route.policy),
    }
    return {**made, "details": route.details} if route.details else made


class _Settings:
    """The settings of destinations, by their channels."""

    def __init__(self, application: Mapping[str, Any], agent: str) -> None:
        self._application = application
        self._agent = agent

    def destination(self, company: Company, place: Destination) -> dict[str, Any]:
        made = _PLACE | {"settings": self._settings(company, place)}
        return {**made, "attestation": _attestation(place.attestation)} if place.attestation else made

    def _settings(self, company: Company, place: Destination) -> dict[str, Any]:
        if place.channel is Channel.ROBOT:
            return _webhook(place.name)
        made: dict[str, Any] = {"kind": str(place.channel), "application": self._application}
        if place.group:
            group = company.groups[place.group]
            made |= {"conversation": group.id}
            made |= {name: value for name, value in (("cool_app", group.cool_app), ("chat", group.chat)) if value}
        if place.channel is Channel.CARD:
            made |= {"template": TEMPLATE, "text": "body"}
        if place.channel is Channel.WORK:
            made |= {"agent_id": self._agent}
        return {**made, "users": list(place.people)} if place.people else made


def _webhook(name: str) -> dict[str, Any]:
    return {"kind": "robot", "webhook": f"file:{name}.secret", "quota": {"limit": PLENTY}}


def _attestation(word: Attestation) -> dict[str, Any]:
    return {"by": "Office manager", "on": "2020-01-01", "until": UNTIL[word.word], "classes": list(word.classes)}
