"""The bridge file for a batch of generated companies: one application, a source for each company and one for all."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from tests.companies.company import PUBLIC, Attestation, Channel, Company, Destination, Route, Word

APPLICATION = "office"
KIND = "fact"
OWNERS = "owners"
_PEOPLE = {"application": APPLICATION, "by": "user"}
UNTIL = {Word.VALID: "2999-12-31", Word.EXPIRED: "2020-12-31"}
PLENTY = "100000000"
CALLS_A_SECOND = "60"
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
        "classes": sorted(set(each[0].fields.values()) - {PUBLIC}),
        "clearances": {class_: _clearance(each, class_) for class_ in each[0].clearances},
        "sources": {**{one.name: _source(one) for one in each}, OWNERS: _source(each[0]) | {"people": _PEOPLE}},
        "applications": {APPLICATION: {"connector": "dingtalk", "settings": {"application": application}}},
        "destinations": {
            name: settings.destination(one, place) for one in each for name, place in one.destinations.items()
        },
        "routes": {name: _route(one, route) for one in each for name, route in one.routes.items()},
    }
    return json.dumps(file, indent=0)


def _clearance(companies: Iterable[Company], class_: str) -> dict[str, list[str]]:
    """One entry for all companies, which have nobody in common, and no name of a role or a department."""
    made: dict[str, list[str]] = defaultdict(list)
    for one in companies:
        for form, names in asdict(one.clearances[class_]).items():
            made[form] += names
    return {form: names for form, names in made.items() if names}


def source_of(company: Company, route: Route) -> str:
    """The source that tells a route's facts: the company's own, or the one whose users are matched with people."""
    return OWNERS if route.owner else company.name


def _source(company: Company) -> dict[str, Any]:
    classes = {"way": PUBLIC, "owner": PUBLIC, **company.fields}
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
        "kinds": {
            KIND: {"fields": {name: {"path": name, "type": "text", "class": each} for name, each in classes.items()}}
        },
    }


def _route(company: Company, route: Route) -> dict[str, Any]:
    (*_, last) = route.to
    to: Any = {"person": "owner", "by": last, "otherwise": f"{company.name}-staff"} if route.owner else list(route.to)
    made = {
        "from": f"{source_of(company, route)}.{KIND}",
        "equals": {"way": route.way},
        "to": to,
        "title": "News",
        "fields": list(route.fields),
        "policy": str(route.policy),
    }
    return {**made, "details": route.details} if route.details else made


class _Settings:
    """The settings of destinations, by their channels."""

    def __init__(self, application: Mapping[str, Any], agent: str) -> None:
        self._application = application
        self._agent = agent

    def destination(self, company: Company, place: Destination) -> dict[str, Any]:
        made: dict[str, Any] = {
            "connector": "dingtalk",
            "zone": "Asia/Hong_Kong",
            "locale": "en",
            "settings": self._settings(company, place),
        }
        return {**made, "attestation": _attestation(place.attestation)} if place.attestation else made

    def _settings(self, company: Company, place: Destination) -> dict[str, Any]:
        if place.channel is Channel.ROBOT:
            return {"kind": "robot", "webhook": f"file:{place.name}.secret", "quota": {"limit": PLENTY}}
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


def _attestation(word: Attestation) -> dict[str, Any]:
    return {"by": "Office manager", "on": "2020-01-01", "until": UNTIL[word.word], "classes": list(word.classes)}
