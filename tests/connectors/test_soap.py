"""SOAP without a vendor: the WSDL, requests, replies, faults."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from zeep.wsdl import Document

from connectors import soap
from connectors.contract import Misconfigured
from connectors.soap import Definition, Endpoint, NoEnvelope, SoapFault, definition
from connectors.soap_values import Listed, Typed, Unreadable

HERE = Path(__file__).parent / "soap_wsdl"
ADDRESS = "https://stock.example/soap"
NS11 = "http://schemas.xmlsoap.org/soap/envelope/"
NS12 = "http://www.w3.org/2003/05/soap-envelope"
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def endpoint(version: int = 11) -> Endpoint:
    wsdl = definition(HERE / f"stock{version}.wsdl")
    return Endpoint(wsdl, "StockBinding", ADDRESS, requests.Session(), (1.0, 1.0))


def enveloped(body: str, namespace: str = NS11) -> str:
    return f'<s:Envelope xmlns:s="{namespace}" xmlns:t="urn:example:stock" {XSI}><s:Body>{body}</s:Body></s:Envelope>'


def answered(body: str, status: int = 200) -> Any:
    """Call with this answer; return the element in its body."""
    with responses.RequestsMock() as mock:
        mock.post(ADDRESS, body=body, status=status)
        return endpoint().call("find", limit=Decimal(1))


def item(inner: str, attributes: str = "") -> Typed:
    (found,) = answered(enveloped(f"<t:found><t:item {attributes}>{inner}</t:item></t:found>")).parts("item")
    typed: Typed = found.read()
    return typed


@pytest.mark.parametrize("name", ["double", "float", "decimal"])
@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12345678901234567.89", Decimal("12345678901234567.89")),
        ("0.1", Decimal("0.1")),
        (" -5.00 ", Decimal("-5.00")),
        ("1.5E3", Decimal(1500)),
    ],
)
def test_a_number_keeps_its_digits(name: str, text: str, number: Decimal) -> None:
    read = item(f"<t:{name}>{text}</t:{name}>").fields[name]
    assert isinstance(read, Decimal)
    assert read == number


def test_values_by_their_types() -> None:
    typed = item(
        "<t:count>7</t:count><t:flag>1</t:flag><t:day>2026-03-02</t:day><t:at>2026-03-02T08:00:00.250Z</t:at>"
        '<t:state>open</t:state><t:text>  two words </t:text><t:price currencyCode="EUR">12.500</t:price>'
        "<t:tag>a</t:tag><t:tag>b</t:tag><t:part><t:count>1</t:count></t:part>",
        'id="0042"',
    )
    price, part = typed.fields["price"], typed.fields["part"]
    assert isinstance(price, Typed)
    assert isinstance(part, Typed)
    assert (typed.type, typed.attributes) == ("Item", {"id": "0042"})
    assert (price.value, price.attributes) == (Decimal("12.500"), {"currencyCode": "EUR"})
    assert part.fields == {"count": 1}
    assert isinstance(typed.fields["state"], Listed)
    assert {name: cell for name, cell in typed.fields.items() if name not in {"price", "part"}} == {
        "count": 7,
        "flag": True,
        "day": date(2026, 3, 2),
        "at": datetime(2026, 3, 2, 8, 0, 0, 250_000, tzinfo=UTC),
        "state": "open",
        "text": "  two words ",
        "tag": ("a", "b"),
    }


def test_what_is_empty_is_none_and_what_did_not_come_is_absent() -> None:
    assert item('<t:double/><t:text xsi:nil="true"/>').fields == {"double": None, "text": None}


def test_an_element_may_name_a_type_that_extends_its_own() -> None:
    typed = item("<t:load>0.5</t:load>", 'xsi:type="t:Crate"')
    assert (typed.type, typed.fields) == ("Crate", {"load": Decimal("0.5")})


def test_what_the_schema_does_not_name_is_passed_over() -> None:
    assert item("<t:count>7</t:count><t:newer>x</t:newer>").fields == {"count": 7}


@pytest.mark.parametrize(
    ("inner", "path"),
    [
        ("<t:double>twelve</t:double>", "double"),
        ("<t:double>INF</t:double>", "double"),
        ("<t:flag>yes</t:flag>", "flag"),
        ("<t:day>2026-02-30</t:day>", "day"),
        ("<t:count>1.5</t:count>", "count"),
        ("<t:count>1</t:count><t:count>2</t:count>", "count"),
        ("<t:part><t:at>now</t:at></t:part>", "part.at"),
        ('<t:part xsi:type="t:Unheard"/>', "part"),
        ('<t:part xsi:type="nowhere:Item"/>', "part"),
    ],
)
def test_what_cannot_be_read_is_said_and_never_taken_for_empty(inner: str, path: str) -> None:
    with pytest.raises(Unreadable) as caught:
        item(inner)
    assert caught.value.path == path


def test_only_what_is_asked_for_is_read() -> None:
    found = answered(enveloped("<t:found><t:item><t:count>x</t:count><t:text>y</t:text></t:item></t:found>"))
    assert found.part("item").read({"text"}).fields == {"text": "y"}


def test_a_request_is_written_by_the_wsdl_with_every_digit() -> None:
    with responses.RequestsMock() as mock:
        mock.post(ADDRESS, body=enveloped("<t:found/>"))
        endpoint().call("find", limit=Decimal("12345678901234567.89"))
        sent = mock.calls[0].request
    assert sent.headers["SOAPAction"] == '"urn:find"'
    assert sent.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert b">12345678901234567.89</" in (sent.body or b"")


def test_soap_1_2_names_its_action_beside_the_type() -> None:
    envelope, headers = endpoint(12).envelope("find", limit=Decimal(1))
    assert headers == {"Content-Type": 'application/soap+xml; charset=utf-8; action="urn:find"'}
    assert NS12.encode() in envelope


@pytest.mark.parametrize("body", [{}, {"limit": None}, {"limit": 1, "other": 2}])
def test_a_request_that_does_not_fit_is_not_sent(body: dict[str, Any]) -> None:
    with responses.RequestsMock(), pytest.raises(Misconfigured, match="version"):
        endpoint().call("find", **body)


def test_an_operation_type_binding_or_header_that_the_wsdl_lacks() -> None:
    wsdl = endpoint().definition
    for lacking in (
        lambda: endpoint().envelope("lose"),
        lambda: wsdl.make("Unheard"),
        lambda: wsdl.namespace("Unheard"),
        lambda: wsdl.binding("Unheard"),
        lambda: wsdl.header("urn:example:stock", "unheard"),
        lambda: wsdl.header("urn:example:nowhere", "found"),
    ):
        with pytest.raises(Misconfigured):
            lacking()


@pytest.mark.parametrize(
    ("namespace", "inner"),
    [
        (
            NS11,
            (
                "<faultcode>s:Server.userException</faultcode><faultstring>Too many</faultstring><detail>"
                "<x>host</x><t:limitFault><t:code>BLOCKED</t:code><t:message>m</t:message></t:limitFault></detail>"
            ),
        ),
        (
            NS12,
            (
                "<s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text>Too many</s:Text></s:Reason>"
                "<s:Detail><t:limitFault><t:code>BLOCKED</t:code></t:limitFault></s:Detail>"
            ),
        ),
    ],
)
@pytest.mark.parametrize("status", [500, 200])
def test_a_fault_has_the_name_and_code_of_its_detail(namespace: str, inner: str, status: int) -> None:
    with pytest.raises(SoapFault) as caught:
        answered(enveloped(f"<s:Fault>{inner}</s:Fault>", namespace), status)
    fault = caught.value
    assert (fault.status, fault.name, fault.code, fault.text) == (status, "limitFault", "BLOCKED", "Too many")
    assert "Too many" not in str(fault)


def test_a_fault_without_detail_has_the_name_of_its_code() -> None:
    with pytest.raises(SoapFault) as caught:
        answered(enveloped("<s:Fault><faultcode>s:Client</faultcode></s:Fault>"), 500)
    assert (caught.value.name, caught.value.code, caught.value.text) == ("Client", "", "")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>no</html>",
        "{}",
        enveloped(""),
        "<!DOCTYPE s [<!ENTITY a 'b'>]>" + enveloped("<t:found/>"),
        f'<s:Envelope xmlns:s="{NS11}"/>',
        enveloped("<t:found>"),
    ],
)
def test_what_is_no_envelope_is_kept_with_its_status(body: str) -> None:
    with pytest.raises(NoEnvelope) as caught:
        answered(body, 503)
    assert (caught.value.status, caught.value.body) == (503, body.encode())


def test_a_reply_that_the_schema_does_not_name() -> None:
    with pytest.raises(NoEnvelope):
        answered(enveloped("<t:lost/>"))


def test_a_wsdl_is_read_once_whichever_thread_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for file in HERE.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    reads, gate = [], threading.Barrier(4)

    def slow(*args: Any, **more: Any) -> Document:
        reads.append(args)
        time.sleep(0.1)
        return Document(*args, **more)

    def ask(_: int) -> Definition:
        gate.wait(5)
        return definition(tmp_path / "stock11.wsdl")

    monkeypatch.setattr(soap, "Document", slow)
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(ask, range(4)))
    assert (len(found), len(reads)) == (1, 1)


def imported_from_the_network(folder: Path) -> Path:
    place = folder / "stock.wsdl"
    text = (HERE / "stock11.wsdl").read_text(encoding="utf-8")
    place.write_text(text.replace('"types.xsd"', '"https://stock.example/types.xsd"'), encoding="utf-8")
    return place


def test_nothing_is_fetched_from_the_network_unless_it_is_allowed(tmp_path: Path) -> None:
    place = imported_from_the_network(tmp_path)
    with responses.RequestsMock(), pytest.raises(Misconfigured, match="network"):
        definition(place)
    with responses.RequestsMock() as mock:
        mock.get("https://stock.example/types.xsd", body=(HERE / "types.xsd").read_bytes())
        assert definition(place, requests.Session()).types.named("Item") is not None


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (None, "does not exist"),
        ("<html/>", "no WSDL"),
        ("no xml", "cannot be read"),
        ("<!DOCTYPE d [<!ENTITY a 'b'>]><d/>", "cannot be read"),
        ((HERE / "stock11.wsdl").read_text(encoding="utf-8"), "does not exist"),
    ],
)
def test_a_wsdl_that_cannot_be_used(tmp_path: Path, text: str | None, word: str) -> None:
    place = tmp_path / "stock.wsdl"
    if text is not None:
        place.write_text(text, encoding="utf-8")
    with pytest.raises(Misconfigured, match=word):
        definition(place)


def test_who_reads_nothing_by_soap_does_not_load_its_library() -> None:
    program = (
        "import sys, connectors.netsuite.client, connectors.netsuite.settings; "
        "sys.exit(sum(name.partition('.')[0] in {'zeep', 'lxml'} for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0
