from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import HIDDEN, Action, Answer, Malformed, Misconfigured, Quantity, Record, Unread, Verb
from connectors.netsuite.people import People
from connectors.netsuite.permissions import Permissions
from connectors.netsuite.wire import Account
from tests.connectors.netsuite.scripted import MEI, NOW, SUITEQL, WONG, Said, Vendor, error, rows, services
from tests.connectors.netsuite.scripted import settings as configured
from tests.connectors.netsuite.test_acts import LOCKED, ORDER, Order, action

STAND_IN = {"actors": {}, "act_as_integration_user": True}


@dataclass
class Desk:
    """Permissions at a scripted vendor; `shown` is what a person's own role shows."""

    vendor: Vendor
    shown: list[Record | Unread] = field(default_factory=list)
    fault: Misconfigured | None = None

    def permissions(self, **changes: Any) -> tuple[Permissions, Any]:
        settings = configured(**changes)
        runner = services(self.vendor)
        people = People(settings, runner, Account(settings, runner, sleep=lambda _seconds: None))
        return Permissions(people, self._read), settings.kinds["purchaseOrder"]

    def _read(self, actor: str, kind: str, ids: Sequence[str]) -> Sequence[Record | Unread]:
        assert (actor, kind) == (MEI, "purchaseOrder")
        if self.fault is not None:
            raise self.fault
        return [each for each in self.shown if each.id in ids]

    def may(self, wanted: Action, **changes: Any) -> Answer:
        permissions, kind = self.permissions(**changes)
        answer = permissions.may(wanted.actor, wanted, kind)
        assert answer.allowed or answer.reason
        return answer

    def sees(self, actor: str = MEI, *ids: str) -> dict[str, frozenset[str]]:
        permissions, _kind = self.permissions()
        return dict(permissions.sees(actor, "purchaseOrder", ids or ("1042",)))


@pytest.fixture
def desk() -> Desk:
    return Desk(Vendor())


@pytest.fixture
def order(desk: Desk) -> Order:
    order = Order()
    desk.vendor.on("GET", ORDER, order.answer)
    return order


def change(**more: Any) -> Action:
    return action(Verb.SET, fields={"memo": "Urgent"}, **more)


def shown(record_id: str = "1042", **fields: Any) -> Record:
    return Record("erp", "purchaseOrder", record_id, "1", NOW, fields)


@pytest.mark.usefixtures("order")
def test_the_next_approver_may_decide_and_is_asked_for_as_themselves(desk: Desk) -> None:
    assert desk.may(action()).allowed
    assert desk.may(action(Verb.REJECT)).allowed
    assert {one.token for one in desk.vendor.asked} == {"token-of-mei"}
    assert {one.method for one in desk.vendor.asked} == {"GET"}


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ({"approver": WONG}, "somebody else"),
        ({"approver": ""}, "nobody"),
        ({"status": "2"}, "does not wait"),
        ({"says": {"GET": [LOCKED]}}, "workflow"),
        ({"says": {"GET": [error("NONEXISTENT_ID", 404)]}}, "does not show"),
        ({"says": {"GET": [error("INSUFFICIENT_PERMISSION", 403)]}}, "does not show"),
    ],
)
def test_who_may_not_decide_is_told_why(desk: Desk, order: Order, state: dict[str, Any], why: str) -> None:
    for name, value in state.items():
        setattr(order, name, value)
    answer = desk.may(action())
    assert not answer.allowed
    assert why in answer.reason


def test_without_a_credential_nobody_may(desk: Desk) -> None:
    assert "connect" in desk.may(action(), actors={}).reason
    assert desk.vendor.asked == []


@pytest.mark.usefixtures("order")
def test_the_stand_in_asks_whose_decision_is_awaited(desk: Desk) -> None:
    assert desk.may(action(), **STAND_IN).allowed
    assert not desk.may(action(actor=WONG), **STAND_IN).allowed


def test_what_the_integration_may_not_read_is_the_operators_matter(desk: Desk, order: Order) -> None:
    order.says["GET"] = [error("INSUFFICIENT_PERMISSION", 403)]
    with pytest.raises(Misconfigured):
        desk.may(action(), **STAND_IN)


@pytest.mark.usefixtures("order")
def test_a_change_as_oneself_is_left_to_the_vendor(desk: Desk) -> None:
    assert desk.may(change()).allowed
    assert desk.vendor.calls("POST") == [], "no table is asked where NetSuite itself judges the write"


@pytest.mark.parametrize(("most", "allowed"), [("4", True), ("3", True), ("2", False), (None, False)])
@pytest.mark.usefixtures("order")
def test_a_change_for_somebody_needs_a_role_of_theirs_that_edits(desk: Desk, most: str | None, allowed: bool) -> None:
    desk.vendor.on("POST", SUITEQL, rows({"roles": "1000, 1014"}), rows({} if most is None else {"most": most}))
    assert desk.may(change(), **STAND_IN).allowed is allowed
    of_person, of_roles = desk.vendor.calls("POST", SUITEQL)
    assert of_person.body["params"] == [MEI]
    assert of_roles.body["params"] == ["1000", "1014", "TRAN_PURCHORD"]
    assert of_roles.headers["prefer"] == "transient"
    assert "subsidiaryoption = 'ALL'" in of_roles.query, "a role of some subsidiaries may not reach this very record"
    assert "restriction = -1" in of_roles.query


@pytest.mark.parametrize("found", [(), ({},), ({"roles": ""},)], ids=["no such person", "empty", "no role"])
@pytest.mark.usefixtures("order")
def test_who_has_no_role_may_change_nothing(desk: Desk, found: tuple[dict[str, str], ...]) -> None:
    desk.vendor.on("POST", SUITEQL, rows(*found))
    assert not desk.may(change(), **STAND_IN).allowed


@pytest.mark.parametrize("said", [error("INSUFFICIENT_PERMISSION", 403), error("INVALID_PARAMETER", 400)])
@pytest.mark.usefixtures("order")
def test_what_cannot_be_told_is_refused(desk: Desk, said: Said) -> None:
    desk.vendor.on("POST", SUITEQL, said)
    answer = desk.may(change(), **STAND_IN)
    assert not answer.allowed
    assert "does not tell" in answer.reason


@pytest.mark.usefixtures("order")
def test_an_answer_that_is_none_is_no_permission(desk: Desk) -> None:
    desk.vendor.on("POST", SUITEQL, rows({"roles": "3"}), rows({"most": "everything"}))
    with pytest.raises(Malformed):
        desk.may(change(), **STAND_IN)


def test_a_person_sees_what_their_own_role_shows(desk: Desk) -> None:
    lines = ({"quantity": Quantity(Decimal(100), "Case"), "rate": HIDDEN},)
    desk.shown = [shown(memo="Paper", total=HIDDEN, item=lines)]
    assert desk.sees() == {"1042": frozenset({"memo", "item", "item.quantity"})}


def test_what_their_role_does_not_show_is_not_seen(desk: Desk) -> None:
    gone = Record("erp", "purchaseOrder", "7", "1", NOW, {}, deleted=True)
    desk.shown = [gone, Unread("erp", "purchaseOrder", "8", "odd", b"")]
    assert desk.sees(MEI, "7", "8", "9") == {}
    desk.fault = Misconfigured("The role may not.", detail="HTTP 403 INSUFFICIENT_PERMISSION")
    assert desk.sees() == {}


def test_without_a_credential_nobody_sees(desk: Desk) -> None:
    desk.shown = [shown(memo="Paper")]
    assert desk.sees(WONG) == {}


def test_a_fault_is_no_answer(desk: Desk) -> None:
    desk.fault = Misconfigured("NetSuite refuses the sign-in.", detail="HTTP 401 INVALID_LOGIN")
    with pytest.raises(Misconfigured):
        desk.sees()
