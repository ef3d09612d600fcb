"""Decisions at a purchase order whose record service and queries answer as the vendor's pages show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import (
    HIDDEN,
    Acted,
    Action,
    Choice,
    Effect,
    Misconfigured,
    Money,
    Record,
    Ref,
    Retryable,
    Throttled,
    Unknown,
    Verb,
)
from connectors.netsuite.acts import Acts
from connectors.netsuite.people import People
from connectors.netsuite.wire import Account
from tests.connectors.netsuite.scripted import MEI, NOW, RECORDS, SECRETS, WONG, Asked, Said, Vendor, error, services
from tests.connectors.netsuite.scripted import settings as configured

ORDER = f"{RECORDS}purchaseOrder/1042"
LOCKED = error("USER_ERROR", 400, "This record has been locked by a user defined workflow.")
NAMES = {"1": "Pending Approval", "2": "Approved", "3": "Rejected"}


@dataclass
class Order:
    """A purchase order: as the record service shows it, and as queries show it. `says` goes before the state."""

    status: str = "1"
    approver: str = MEI
    memo: str = "Paper"
    amount: Decimal = Decimal("1200000.10")
    changed_by: str = WONG
    changed: int = 0
    deleted: bool = False
    says: dict[str, list[Said]] = field(default_factory=dict)
    after: Callable[[Order], None] = lambda _order: None

    def version(self) -> str:
        return (NOW + timedelta(seconds=self.changed)).isoformat()

    def answer(self, asked: Asked) -> Said:
        said = self.says.get(asked.method, [])
        if said:
            return said.pop(0)
        return self.shown() if asked.method == "GET" else self.written(asked)

    def shown(self) -> Said:
        return Said(
            200,
            {
                "links": [],
                "id": "1042",
                "lastModifiedDate": "2026-03-02T09:00:00Z",
                "approvalStatus": {"id": self.status, "refName": NAMES[self.status]},
                "memo": self.memo,
            }
            | ({"nextApprover": {"links": [], "id": self.approver, "refName": "Mei"}} if self.approver else {}),
        )

    def written(self, asked: Asked) -> Said:
        values = dict(asked.body)
        self.status = values.get("approvalStatus", {}).get("id", self.status)
        self.memo = values.get("memo", self.memo)
        self.changed_by = MEI if asked.token == "token-of-mei" else "42"
        self.changed += 1
        self.after(self)
        return Said(204, headers={"Location": "https://123456-sb1.suitetalk.api.netsuite.com" + ORDER})

    def read(self, record_id: str) -> Record:
        return Record(
            source="erp",
            kind="purchaseOrder",
            id=record_id,
            version=self.version(),
            stamp=NOW + timedelta(seconds=self.changed),
            fields={
                "memo": self.memo,
                "approvalStatus": Choice(self.status, NAMES[self.status]),
                "total": Money(self.amount, "HKD"),
            },
            changed_by=Ref("employee", self.changed_by),
            deleted=self.deleted,
        )


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
def order(vendor: Vendor) -> Order:
    order = Order()
    vendor.on("GET", ORDER, order.answer)
    vendor.on("PATCH", ORDER, order.answer)
    return order


@pytest.fixture
def act(vendor: Vendor, order: Order) -> Callable[..., Acted]:
    def act(action: Action, **changes: Any) -> Acted:
        settings = configured(**changes)
        runner = services(vendor)
        people = People(settings, runner, Account(settings, runner, sleep=lambda _seconds: None))
        return Acts(people, settings.kinds["purchaseOrder"], order.read).act(action)

    return act


Act = Callable[..., Acted]


def action(verb: Verb = Verb.APPROVE, **changes: Any) -> Action:
    whole: dict[str, Any] = {
        "key": "decision-1",
        "verb": verb,
        "kind": "purchaseOrder",
        "id": "1042",
        "actor": MEI,
        "version": NOW.isoformat(),
    }
    return Action(**(whole | changes))


def memo(text: str = "Urgent", **changes: Any) -> Action:
    return action(Verb.SET, fields={"memo": text}, **changes)


def writes(vendor: Vendor) -> list[Asked]:
    return vendor.calls("PATCH")


@pytest.mark.parametrize(("verb", "status"), [(Verb.APPROVE, "2"), (Verb.REJECT, "3")])
def test_a_decision_is_written_as_the_person_and_read_back(
    vendor: Vendor, order: Order, act: Act, verb: Verb, status: str
) -> None:
    found = act(action(verb))
    assert found.effect is Effect.DONE
    assert found.by == Ref("employee", MEI)
    assert found.record == order.read("1042")
    (write,) = writes(vendor)
    assert write.body == {"approvalStatus": {"id": status}}
    assert write.token == "token-of-mei"
    assert write.headers["x-netsuite-propertynamevalidation"] == "error", "a misspelt field would be dropped silently"


def test_ten_presses_write_once(vendor: Vendor, act: Act) -> None:
    effects = [act(action()).effect for _press in range(10)]
    assert effects == [Effect.DONE, *[Effect.ALREADY] * 9]
    assert len(writes(vendor)) == 1


def test_who_decided_before_is_named(vendor: Vendor, order: Order, act: Act) -> None:
    order.status, order.changed, order.changed_by = "2", 60, WONG
    found = act(action())
    assert (found.effect, found.by) == (Effect.ALREADY, Ref("employee", WONG))
    assert writes(vendor) == []


def test_an_order_that_is_not_what_the_person_saw_is_not_approved(vendor: Vendor, order: Order, act: Act) -> None:
    order.amount, order.changed = Decimal(9_000_000), 1
    found = act(action())
    assert (found.effect, found.by) == (Effect.MOVED, Ref("employee", WONG))
    assert writes(vendor) == []


def test_a_change_between_the_two_looks_is_noticed(vendor: Vendor, order: Order, act: Act) -> None:
    def overtaken(_asked: Asked) -> Said:
        before = order.shown()
        order.amount, order.changed = Decimal(9_000_000), 1
        return before

    vendor.on("GET", ORDER, overtaken)
    assert act(action()).effect is Effect.MOVED
    assert writes(vendor) == []


def test_only_the_next_approver_decides(vendor: Vendor, order: Order, act: Act) -> None:
    order.approver = WONG
    found = act(action())
    assert found.effect is Effect.DENIED
    assert "somebody else" in found.reason
    order.approver = ""
    assert act(action()).effect is Effect.DENIED
    assert writes(vendor) == []


def test_what_waits_for_no_decision_gets_none(vendor: Vendor, order: Order, act: Act) -> None:
    order.status = "3"
    assert act(action()).effect is Effect.REFUSED
    assert writes(vendor) == []


def test_what_goes_on_to_the_next_approver_is_done_by_this_one(order: Order, act: Act) -> None:
    def routed(order: Order) -> None:
        order.status, order.approver = "1", WONG

    order.after = routed
    found = act(action())
    assert found.effect is Effect.DONE
    assert "next approver" in found.reason


def test_what_a_script_undoes_is_not_called_done(order: Order, act: Act) -> None:
    order.after = lambda order: setattr(order, "status", "1")
    found = act(action())
    assert found.effect is Effect.REFUSED
    assert "undid" in found.reason


@pytest.mark.parametrize("said", [LOCKED, error("NONEXISTENT_ID", 404)], ids=["locked", "out of sight"])
def test_an_approval_that_takes_the_record_away_is_done(order: Order, act: Act, said: Said) -> None:
    order.after = lambda order: order.says.update(GET=[said])
    assert act(action()).effect is Effect.DONE


def test_a_comment_is_not_said_to_be_kept(vendor: Vendor, act: Act) -> None:
    found = act(action(Verb.REJECT, comment="Too expensive"))
    assert found.effect is Effect.DONE
    assert "no place for the comment" in found.reason
    assert "Too expensive" not in str(writes(vendor)[0].body)


def test_a_value_is_set_and_read_back(vendor: Vendor, act: Act) -> None:
    assert act(memo()).effect is Effect.DONE
    assert writes(vendor)[0].body == {"memo": "Urgent"}
    assert act(memo()).effect is Effect.ALREADY
    assert act(memo("Later")).effect is Effect.MOVED
    assert len(writes(vendor)) == 1


def test_every_kind_of_value_is_written_as_the_vendor_takes_it(vendor: Vendor, act: Act) -> None:
    day = datetime(2026, 3, 4, 16, 30, 5, 999, tzinfo=UTC)
    fields = {
        "total": Money(Decimal("1200000.30"), "HKD"),
        "custbody_rate": Decimal("0.1"),
        "department": Ref("department", "7", "Sales"),
        "custbody_way": Choice("4", "By sea"),
        "dueDate": day.date(),
        "custbody_at": day,
        "custbody_open": False,
        "custbody_note": None,
    }
    act(action(Verb.SET, fields=fields))
    assert writes(vendor)[0].body == {
        "total": 1200000.30,
        "custbody_rate": 0.1,
        "department": {"id": "7"},
        "custbody_way": {"id": "4"},
        "dueDate": "2026-03-04",
        "custbody_at": "2026-03-04T16:30:05Z",
        "custbody_open": False,
        "custbody_note": None,
    }


@pytest.mark.parametrize(
    "fields",
    [{"total": Money(Decimal(1), "USD")}, {"item.quantity": Decimal(3)}, {"memo": HIDDEN}, {"memo": ("a", "b")}],
    ids=["another currency", "a line", "hidden", "several"],
)
def test_what_cannot_be_written_is_said_before(vendor: Vendor, act: Act, fields: dict[str, Any]) -> None:
    found = act(action(Verb.SET, fields=fields))
    assert found.effect is Effect.REFUSED
    assert next(iter(fields)) in found.reason
    assert writes(vendor) == []


def test_a_value_that_is_not_kept_is_not_called_done(order: Order, act: Act) -> None:
    order.after = lambda order: setattr(order, "memo", "By script")
    found = act(memo())
    assert found.effect is Effect.REFUSED
    assert "memo" in found.reason


def test_a_locked_record_is_refused_with_a_sentence(vendor: Vendor, order: Order, act: Act) -> None:
    order.says["GET"] = [LOCKED]
    found = act(action())
    assert found.effect is Effect.REFUSED
    assert "workflow" in found.reason
    assert found.record is not None, "queries still show it"
    order.says["PATCH"] = [LOCKED]
    assert act(action()).effect is Effect.REFUSED
    assert len(writes(vendor)) == 1


@pytest.mark.parametrize(("status", "effect"), [("1", Effect.MOVED), ("3", Effect.MOVED), ("2", Effect.ALREADY)])
def test_who_is_faster_by_a_moment_is_told(vendor: Vendor, order: Order, act: Act, status: str, effect: Effect) -> None:
    def overtaken(_asked: Asked) -> Said:
        order.status, order.changed = status, 1
        return error("RCRD_HAS_BEEN_CHANGED")

    vendor.on("PATCH", ORDER, overtaken)
    found = act(action())
    assert (found.effect, found.by) == (effect, Ref("employee", WONG))


def test_a_record_that_is_gone_has_moved(order: Order, act: Act) -> None:
    order.deleted = True
    order.says["GET"] = [error("NONEXISTENT_ID", 404)]
    found = act(action())
    assert (found.effect, found.record) == (Effect.MOVED, order.read("1042"))


@pytest.mark.parametrize("status", [403, 400])
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_the_persons_own_role_denies(order: Order, act: Act, method: str, status: int) -> None:
    order.says[method] = [error("INSUFFICIENT_PERMISSION", status)]
    found = act(action())
    assert found.effect is Effect.DENIED
    assert found.reason


def test_what_the_role_does_not_show_is_denied(order: Order, act: Act) -> None:
    order.says["GET"] = [error("NONEXISTENT_ID", 404)]
    assert act(action()).effect is Effect.DENIED


def test_the_accounts_own_rule_speaks(order: Order, act: Act) -> None:
    rule = "Error while accessing a resource. Please enter value(s) for: Department."
    order.says["PATCH"] = [error("USER_ERROR", 400, rule)]
    found = act(action())
    assert found.effect is Effect.REFUSED
    assert found.reason == "NetSuite refused it: Please enter value(s) for: Department."


def test_a_misspelt_field_is_named(order: Order, act: Act) -> None:
    order.says["PATCH"] = [error("INVALID_CONTENT", 400, "", **{"o:errorPath": "custbody_typo"})]
    found = act(action(Verb.SET, fields={"custbody_typo": "x"}))
    assert found.effect is Effect.REFUSED
    assert "custbody_typo" in found.reason


def test_a_lost_answer_to_a_write_that_came_through_is_done(vendor: Vendor, order: Order, act: Act) -> None:
    def lost(asked: Asked) -> Said:
        order.written(asked)
        return Said(cut=True)

    vendor.on("PATCH", ORDER, lost)
    found = act(action())
    assert (found.effect, found.by) == (Effect.DONE, Ref("employee", MEI))
    assert act(action()).effect is Effect.ALREADY
    assert len(writes(vendor)) == 1


@pytest.mark.parametrize("said", [Said(cut=True), Said(504), error("UNEXPECTED_ERROR", 500)])
def test_a_lost_answer_to_a_write_that_did_not_may_be_tried_again(order: Order, act: Act, said: Said) -> None:
    order.says["PATCH"] = [said]
    with pytest.raises(Retryable):
        act(action())
    assert act(action()).effect is Effect.DONE


def test_a_lost_answer_that_the_record_does_not_explain_stays_unknown(order: Order, act: Act) -> None:
    order.says["PATCH"] = [Said(cut=True)]
    order.says["GET"] = [order.shown(), LOCKED]
    with pytest.raises(Unknown):
        act(action())


def test_too_many_calls_at_once_write_nothing(order: Order, act: Act) -> None:
    order.says["PATCH"] = [error("CONCURRENCY_LIMIT_EXCEEDED", 429)]
    with pytest.raises(Throttled) as caught:
        act(action())
    assert caught.value.scope == "netsuite:123456_sb1:calls"


def test_without_a_credential_nobody_writes(vendor: Vendor, act: Act) -> None:
    found = act(action(), actors={})
    assert found.effect is Effect.DENIED
    assert "connect" in found.reason
    assert vendor.asked == []


@pytest.mark.usefixtures("order")
def test_the_integration_writes_only_where_the_settings_say_so(vendor: Vendor, act: Act) -> None:
    found = act(action(), actors={}, act_as_integration_user=True)
    assert found.effect is Effect.DONE
    assert writes(vendor)[0].token == "token-1"
    assert writes(vendor)[0].body == {"approvalStatus": {"id": "2"}}, "and leaves no mark that nobody asked for"


def test_a_role_of_the_integration_that_may_not_is_the_operators_matter(order: Order, act: Act) -> None:
    order.says["PATCH"] = [error("INSUFFICIENT_PERMISSION", 403)]
    with pytest.raises(Misconfigured, match="role"):
        act(action(), actors={}, act_as_integration_user=True)


@pytest.mark.usefixtures("order")
def test_what_the_settings_name_no_status_for_is_no_decision(vendor: Vendor, act: Act) -> None:
    kinds = {"purchaseOrder": {"fields": ["memo"], "approval": {"rejected": ""}}}
    assert act(action(Verb.REJECT), kinds=kinds).effect is Effect.REFUSED
    assert act(action(Verb.TRANSITION, transition="Ship")).effect is Effect.REFUSED
    assert vendor.asked == []


def test_an_order_may_be_approved_by_another_field(vendor: Vendor, order: Order, act: Act) -> None:
    shown = {"orderStatus": {"id": "A"}, "custbody_approver": {"id": MEI}}
    vendor.on("GET", ORDER, Said(200, shown), Said(200, shown | {"orderStatus": {"id": "B"}}))
    approval = {"field": "orderStatus", "pending": "A", "approved": "B", "approver": "custbody_approver"}
    kinds = {"purchaseOrder": {"fields": ["memo"], "approval": approval}}
    assert act(action(), kinds=kinds).effect is Effect.DONE
    assert writes(vendor)[0].body == {"orderStatus": {"id": "B"}}
    assert order.changed == 1


def test_no_secret_is_shown(order: Order, act: Act) -> None:
    order.says["PATCH"] = [error("INVALID_LOGIN", 401)]
    with pytest.raises(Misconfigured) as caught:
        act(action())
    shown = repr(caught.value) + caught.value.detail + repr(configured())
    assert not [secret for secret in SECRETS if secret in shown]
