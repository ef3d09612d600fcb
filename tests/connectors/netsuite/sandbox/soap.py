"""SOAP as zeep speaks it, with the WSDL that the twin serves."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from zeep.exceptions import Fault as ZeepFault

from tests.connectors.netsuite.sandbox.served import Served, percent, sign

VERSION = "2023_2"
# it has no types of its own
zeep: Any = import_module("zeep")


def local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


@dataclass
class Fault:
    kind: str
    code: str
    message: str
    faultcode: str


class Soap:
    """One client. Each call has a token passport of its own, `head` puts other parts into the header."""

    def __init__(self, ns: Served, user: str = "integration", version: str = VERSION) -> None:
        self._ns = ns
        self._user = user
        self._version = version
        self._client: Any = zeep.Client(ns.facts["wsdl_url"].replace(VERSION, version))
        binding = f"{{urn:platform_{version}.webservices.netsuite.com}}NetSuiteBinding"
        self.port = self._client.create_service(binding, ns.facts["soap_url"].replace(VERSION, version))

    def space(self, name: str, family: str = "platform") -> str:
        return f"urn:{name}_{self._version}.{family}.webservices.netsuite.com"

    def make(self, name: str, *values: Any, part: str = "core", family: str = "platform", **fields: Any) -> Any:
        return self._client.get_type(f"{{{self.space(part, family)}}}{name}")(*values, **fields)

    def header(self, name: str, **fields: Any) -> Any:
        return self._client.get_element(f"{{{self.space('messages')}}}{name}")(**fields)

    def passport(self, **changed: Any) -> Any:
        facts = self._ns.facts
        token = facts["tokens"][self._user]
        given = {"account": facts["account"], "consumerKey": facts["consumer_key"], "token": token["token"]}
        given |= {"nonce": secrets.token_hex(10), "timestamp": int(time.time())}
        given |= {name: value for name, value in changed.items() if name in given}
        base = "&".join(percent(str(value)) for value in given.values())
        value = changed.get("signature") or sign(base, facts["consumer_secret"], token["secret"])
        algorithm = changed.get("algorithm", "HMAC-SHA256")
        signature = self.make("TokenPassportSignature", value, algorithm=algorithm)
        return self.header("tokenPassport", **given, signature=signature)

    def call(self, operation: str, *, head: list[Any] | None = None, **asked: Any) -> Any:
        headers = [self.passport()] if head is None else head
        return getattr(self.port, operation)(**asked, _soapheaders=headers).body

    def search(self, basic: Any, *, lines: bool = False, page_size: int | None = None) -> Any:
        wanted = {"bodyFieldsOnly": not lines} | ({"pageSize": page_size} if page_size else {})
        head = [self.passport(), self.header("searchPreferences", **wanted)]
        return self.call("search", head=head, searchRecord=basic).searchResult

    def changed_since(self, operator: str, *values: Any, **more: Any) -> Any:
        """A search for transactions by their stamp."""
        names = ("searchValue", "searchValue2")
        field = self.make("SearchDateField", operator=operator, **dict(zip(names, values, strict=False)))
        return self.make("TransactionSearchBasic", part="common", lastModifiedDate=field, **more)

    def fault(self, operation: str, **asked: Any) -> Fault:
        """The fault that a call ends in."""
        try:
            self.call(operation, **asked)
        except ZeepFault as raised:
            detail = raised.detail[0]
            parts = {local(one): one.text for one in detail}
            return Fault(local(detail), parts["code"], parts["message"], raised.code)
        raise AssertionError("the call was answered")
