"""What is asked of NetSuite by SOAP: searches by time of change, records by id, deleted ones.

https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_N3518534.html (search),
https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_N3497592.html (getDeleted)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from connectors.contract import Malformed, Misconfigured
from connectors.netsuite.errors import MISSING
from connectors.netsuite.soap.errors import UNREADABLE, Detail, SearchLost, Status, explain_status
from connectors.netsuite.soap.poll import Found
from connectors.netsuite.soap.wire import Asking, Port
from connectors.soap import Definition
from connectors.soap_values import Part, Typed, Unreadable

PAGE = 200
"""Whole records a page: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_N3418637.html."""
COLUMNS_PAGE = 1000
STAMP = "lastModifiedDate"

_LOST = frozenset({"INVALID_JOB_ID", "INVALID_SEARCH_PAGE_INDEX", "INVALID_PAGE_INDEX"})
"""The search was not used for fifteen minutes, or has no such page any more (A-NETSUITE-203)."""

_ENUM_OF: Mapping[str, str] = MappingProxyType(
    {"PurchaseRequisition": "_requisition", "JournalEntry": "_journal", "InterCompanyJournalEntry": "_journal"}
)
"""Transactions that a search calls otherwise than their type; the others are `_salesOrder` for SalesOrder."""


@dataclass(frozen=True, slots=True)
class Sought:
    """How one type of record is searched: SalesOrder by TransactionSearch with type `_salesOrder`."""

    record: str
    search: str
    type: str
    transaction: bool

    @property
    def ref(self) -> str:
        """The type as references name it: salesOrder."""
        return self.record[0].lower() + self.record[1:]


def sought(wsdl: Definition, record: str) -> Sought:
    """Return how records of a type (as REST names it: salesOrder) are searched. Raises Misconfigured."""
    name = record[0].upper() + record[1:]
    types = wsdl.types
    if STAMP not in types.children(types.named(name)):
        raise Misconfigured(f"NetSuite's SOAP has no record {record} that tells when it changed: read it by queries.")
    transaction = ".transactions." in wsdl.namespace(name)
    if STAMP in types.children(types.named(f"{name}SearchBasic")):
        return Sought(name, f"{name}Search", "", transaction)
    if transaction:
        ref = name[0].lower() + name[1:]
        return Sought(name, "TransactionSearch", _ENUM_OF.get(name, f"_{ref}"), transaction)
    raise Misconfigured(f"NetSuite's SOAP has no search for {record}: read it by queries.")


@dataclass(frozen=True, slots=True)
class Rows:
    """A page of a search."""

    parts: Sequence[Part]
    found: Found


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of one id: the record, or why it did not come."""

    part: Part | None
    details: Sequence[Detail] = ()

    @property
    def missing(self) -> bool:
        """Whether the vendor says that there is no such record."""
        return any(each.code in MISSING for each in self.details)


class Searches:
    """Asks one account."""

    def __init__(self, port: Port) -> None:
        self._port = port

    @property
    def definition(self) -> Definition:
        """The WSDL. Raises Misconfigured."""
        return self._port.definition

    def changed(self, what: Sought, since: datetime, until: datetime) -> Rows:
        """Search whole records stamped in [since, until], both aware; the first page. Raises the contract's errors."""
        return self._found(Asking("search", PAGE), searchRecord=self._basic(what, since, until))

    def more(self, search: str, page: int) -> Rows:
        """Return another page of whole records, from 1. Raises SearchLost, and the contract's errors."""
        return self._found(Asking("searchMoreWithId", PAGE), searchId=search, pageIndex=page)

    def stamps(self, what: Sought, since: datetime, until: datetime) -> Rows:
        """Search only ids and stamps of records stamped in [since, until]. Raises the contract's errors."""
        make = self.definition.make
        columns = {"internalId": [make("SearchColumnSelectField")], STAMP: [make("SearchColumnDateField")]}
        advanced = make(
            f"{what.search}Advanced",
            criteria=make(what.search, basic=self._basic(what, since, until, main_line=True)),
            columns=make(f"{what.search}Row", basic=make(f"{what.search}RowBasic", **columns)),
        )
        return self._found(Asking("search", COLUMNS_PAGE, columns=True), searchRecord=advanced)

    def more_stamps(self, search: str, page: int) -> Rows:
        """Return another page of ids and stamps. Raises SearchLost, and the contract's errors."""
        return self._found(Asking("searchMoreWithId", COLUMNS_PAGE, columns=True), searchId=search, pageIndex=page)

    def records(self, ref: str, ids: Sequence[str]) -> list[Answered]:
        """Return what came of each id of a type, in their order. Raises the contract's errors."""
        refs = [self.definition.make("RecordRef", internalId=each, type=ref) for each in ids]
        reply = self._port.call(Asking("getList"), baseRef=refs)
        with _readable(reply):
            whole = reply.part("readResponseList")
            answers = whole.parts("readResponse")
            # the list has a status of its own only where it failed as a whole (A-NETSUITE-45)
            status = _status(whole) if whole.parts("status") else None
            if len(answers) != len(ids) and status is not None and not status.success:
                raise self._failed(status)
            if len(answers) != len(ids):
                # Answers have no ids of their own where they failed, so that places are all there is.
                raise Unreadable("readResponse")
            return [self._answered(each) for each in answers]

    def unit_types(self) -> Sequence[Part]:
        """Return the account's types of units, a thousand at most. Raises the contract's errors."""
        basic = self.definition.make("UnitsTypeSearchBasic")
        return self._found(Asking("search", COLUMNS_PAGE), searchRecord=basic).parts

    def deleted(self, ref: str, since: datetime) -> Iterator[tuple[str, datetime]]:
        """Give (id, when), aware, of the records of a type deleted at or after `since`. Raises the contract's errors.

        The names of deleted records also come, whoever might have read them, and go no further.
        """
        make = self.definition.make
        wanted = make(
            "GetDeletedFilter",
            deletedDate=make("SearchDateField", searchValue=_minute(since), operator="onOrAfter"),
            type=make("SearchEnumMultiSelectField", searchValue=[ref], operator="anyOf"),
        )
        page, pages = 1, 1
        while page <= pages:
            reply = self._port.call(Asking("getDeleted", COLUMNS_PAGE), getDeletedFilter=wanted, pageIndex=page)
            with _readable(reply):
                whole = reply.part("getDeletedResult")
                status = _status(whole)
                if not status.success:
                    raise self._failed(status)
                pages = _count(whole.read({"totalPages"}), "totalPages")
                found = [_deletion(each.read()) for each in _listed(whole, "deletedRecordList", "deletedRecord")]
            yield from ((record_id, at) for record_id, at in found if at >= since)
            page += 1

    def _basic(self, what: Sought, since: datetime, until: datetime, *, main_line: bool = False) -> Any:
        make = self.definition.make
        # A-NETSUITE-202: the vendor may compare whole minutes only, so the stretch begins with one.
        span = {
            "searchValue": _minute(since),
            "searchValue2": until.astimezone(UTC).replace(microsecond=0),
            "operator": "within",
        }
        fields = {STAMP: make("SearchDateField", **span)}
        if what.type:
            fields["type"] = make("SearchEnumMultiSelectField", searchValue=[what.type], operator="anyOf")
            if main_line:
                # Without it there is a row for each line; that every transaction has a main line is A-NETSUITE-209.
                fields["mainLine"] = make("SearchBooleanField", searchValue=True)
        return make(f"{what.search}Basic", **fields)

    def _found(self, asking: Asking, **body: Any) -> Rows:
        reply = self._port.call(asking, **body)
        with _readable(reply):
            whole = reply.part("searchResult")
            status = _status(whole)
            if not status.success:
                if any(each.code in _LOST for each in status.details):
                    raise SearchLost
                raise self._failed(status)
            told = whole.read({"totalRecords", "totalPages", "searchId"})
            found = Found(
                str(told.fields.get("searchId") or ""), _count(told, "totalRecords"), _count(told, "totalPages")
            )
            if not found.total and status.warned:
                # https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_N3518134.html
                raise Misconfigured("NetSuite does not know a value that the search names: check the kind's `record`.")
            names = ("searchRowList", "searchRow") if asking.columns else ("recordList", "record")
            return Rows(_listed(whole, *names), found)

    def _answered(self, answer: Part) -> Answered:
        status = _status(answer)
        if status.blocked:
            raise self._failed(status)
        return Answered(answer.part("record") if status.success else None, status.details)

    def _failed(self, status: Status) -> Exception:
        return self._port.blocked(status.details[0].code) if status.blocked else explain_status(status.details)


def _status(whole: Part) -> Status:
    part = whole.part("status")
    read = [each.read() for each in part.parts("statusDetail")]
    details = [
        Detail(
            str(each.fields.get("code") or ""), str(each.fields.get("message") or ""), each.attributes.get("type", "")
        )
        for each in read
    ]
    return Status(part.node.get("isSuccess") in {"true", "1"}, details)


def _listed(whole: Part, name: str, item: str) -> list[Part]:
    return [each for part in whole.parts(name) for each in part.parts(item)]


@contextmanager
def _readable(reply: Part) -> Iterator[None]:
    try:
        yield
    except Unreadable as fault:
        raise Malformed(UNREADABLE, body=reply.raw(), detail=fault.path) from None


def _count(whole: Typed, name: str) -> int:
    found = whole.fields.get(name)
    return found if isinstance(found, int) else 0


def _deletion(row: Typed) -> tuple[str, datetime]:
    record, at = row.fields.get("record"), row.fields.get("deletedDate")
    if not isinstance(record, Typed) or not isinstance(at, datetime) or at.tzinfo is None:
        raise Unreadable("deletedRecord")
    return record.attributes.get("internalId", ""), at


def _minute(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(second=0, microsecond=0)
