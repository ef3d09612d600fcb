from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import (
    HIDDEN,
    Acted,
    Action,
    Answer,
    Choice,
    Effect,
    Misconfigured,
    Money,
    Quantity,
    Record,
    Ref,
    Retryable,
    Scalar,
    Throttled,
    Unknown,
    Verb,
)
from connectors.dynamics.dataverse.acts import Acts, Desk
from connectors.dynamics.dataverse.bindings import Bindings
from connectors.dynamics.dataverse.people import People
from connectors.dynamics.dataverse.schema import Schema
from connectors.dynamics.dataverse.wire import Environment
from tests.connectors.dynamics.dataverse.deciding import (
    AFTER,
    BEFORE,
    BRIDGE,
    MEI,
    MEI_OBJECT,
    ORDER,
    ORDERS,
    OTHER,
    Office,
    action,
    lacking,
    offices,
    order,
    record,
    user,
)
from tests.connectors.dynamics.dataverse.scripted import no
from tests.connectors.dynamics.dataverse.vendor import Asked, Said, rows

PATH = f"salesorders({ORDER})"
APPROVED = {"statecode": 1, "statuscode": 3}
YES, NO = Answer(allowed=True), Answer(allowed=False, reason="Dataverse does not let you change this record.")


@pytest.fixture
def office() -> Iterator[Office]:
    with offices() as office:
        yield office


def act(office: Office, given: Action, *read: Record, may: Answer = YES, **changes: Any) -> Acted:
    """Carry out a decision; `read` are the states that the application user then reads, the last one again and again."""
    settings = office.settings(**changes)
    environment = Environment(settings, office.services(), sleep=lambda _seconds: None)
    schema = Schema(environment, settings.describe_age, lambda: office.now)
    people = People(environment, settings.act_as, lambda: office.now)
    states = list(read or [record()])
    desk = Desk(
        settings.kinds[given.kind],
        schema.table(given.kind),
        lambda _id: states.pop(0) if len(states) > 1 else states[0],
        lambda _actor, _action: may,
        lambda column, target: Bindings(environment, schema).find(given.kind, column, target),
    )
    return Acts(environment, people, desk).act(given)


def written(office: Office) -> Asked:
    (sent,) = office.vendor.calls("PATCH")
    return sent


def test_approving_writes_what_the_settings_name_as_the_person_and_reads_it_back(office: Office) -> None:
    office.vendor.on("GET", PATH, order(), order(AFTER, **APPROVED))
    office.vendor.on("PATCH", PATH, Said(204))
    acted = act(office, action(), record(), record(AFTER, by=MEI))
    assert acted == Acted(Effect.DONE, record(AFTER, by=MEI), Ref("systemuser", MEI))
    sent = written(office)
    assert sent.body == APPROVED
    assert sent.headers["if-match"] == BEFORE
    assert sent.headers["callerobjectid"] == MEI_OBJECT
    assert "mscrmcallerid" not in sent.headers


def test_every_write_names_the_state_that_was_seen_because_it_could_create_a_row_otherwise(office: Office) -> None:
    office.vendor.on("GET", PATH, order(tag=""))
    with pytest.raises(Misconfigured):
        act(office, action(version="2026-03-02T08:40:00Z"))
    assert office.vendor.calls("PATCH") == []


def test_a_decision_may_be_a_value_of_a_column_with_a_comment_beside_it(office: Office) -> None:
    office.vendor.on("GET", PATH, order(), order(AFTER, new_approval=100000002))
    office.vendor.on("PATCH", PATH, Said(204))
    acted = act(office, action(Verb.REJECT, comment="Too dear"))
    assert acted.effect is Effect.DONE
    assert written(office).body == {"new_approval": 100000002, "new_comment": "Too dear"}


def test_a_step_of_its_own_name_may_set_fields_as_well(office: Office) -> None:
    office.vendor.on("GET", PATH, order(new_onhold=False), order(AFTER, new_onhold=True, name="Held"))
    office.vendor.on("PATCH", PATH, Said(204))
    acted = act(office, action(Verb.TRANSITION, transition="Hold", fields={"name": "Held"}))
    assert acted.effect is Effect.DONE
    assert written(office).body == {"new_onhold": True, "name": "Held"}


@pytest.mark.parametrize(
    ("step", "sent", "held"),
    [
        ({"new_limit": "1000.50"}, {"new_limit": 1000.5}, 1000.5),
        ({"new_onhold": False}, {"new_onhold": False}, False),
        ({"new_approval": 7}, {"new_approval": 7}, 7),
        ({"new_comment": "7"}, {"new_comment": "7"}, "7"),
        ({"new_colors": "2, 1"}, {"new_colors": "1,2"}, "2,1"),
    ],
)
def test_what_the_settings_write_has_the_form_of_its_column(
    office: Office, step: dict[str, Any], sent: dict[str, Any], held: Any
) -> None:
    (column,) = step
    office.vendor.on("GET", PATH, order(BEFORE, **{column: None}), order(AFTER, **{column: held}))
    office.vendor.on("PATCH", PATH, Said(204))
    kinds = {"salesorder": {**ORDERS, "approve": step}}
    assert act(office, action(), kinds=kinds).effect is Effect.DONE
    assert written(office).body == sent


@pytest.mark.parametrize(
    "step", [{"no_such": 1}, {"statuscode": "Approved"}, {"new_onhold": "maybe"}, {"ownerid": MEI}, {"new_colors": "x"}]
)
def test_what_the_settings_write_and_no_column_takes_is_refused(office: Office, step: dict[str, Any]) -> None:
    acted = act(office, action(), kinds={"salesorder": {**ORDERS, "approve": step}})
    assert acted.effect is Effect.REFUSED
    assert next(iter(step)) in acted.reason
    assert office.vendor.calls("PATCH") == []


@pytest.mark.parametrize(
    "unknown",
    [action(Verb.TRANSITION, transition="No such step"), action(Verb.TRANSITION), action(Verb.SET)],
)
def test_what_the_settings_do_not_know_is_refused_before_anything_is_sent(office: Office, unknown: Action) -> None:
    acted = act(office, unknown)
    assert acted.effect is Effect.REFUSED
    assert "settings" in acted.reason
    assert office.vendor.calls("PATCH") == []


@pytest.mark.parametrize(
    ("column", "value", "sent", "held"),
    [
        ("totalamount", Money(Decimal("97000.25"), "HKD"), 97000.25, 97000.250),
        ("totalamount", Money(Decimal(97000), "HKD"), 97000, 97000.0),
        ("statuscode", Choice("100001", "Complete"), 100001, 100001),
        ("new_flag", Choice("true", "Yes"), True, True),
        ("new_colors", ("3", "1"), "1,3", "3,1"),
        ("new_colors", (), None, None),
        ("new_due", date(2026, 4, 1), "2026-04-01", "2026-04-01"),
        ("new_at", datetime(2026, 4, 1, 8, 30, 0, 5, tzinfo=UTC), "2026-04-01T08:30:00Z", "2026-04-01T08:30:00Z"),
        ("name", "A name", "A name", "A name"),
        ("name", "", None, None),
        ("name", None, None, None),
        ("new_flag", False, False, False),
        ("new_count", Decimal("7.50"), 7.5, 7.5),
        ("new_amount", Quantity(Decimal(12), "Dozen"), 12, 12),
    ],
)
def test_each_kind_of_value_goes_as_dataverse_writes_it(
    office: Office, column: str, value: Scalar, sent: Any, held: Any
) -> None:
    state = record(new_amount=Quantity(Decimal(1), "Dozen"))
    office.vendor.on("GET", PATH, order(**{column: "before"}), order(AFTER, **{column: held}))
    office.vendor.on("PATCH", PATH, Said(204))
    assert act(office, action(Verb.SET, fields={column: value}), state).effect is Effect.DONE
    assert written(office).body == {column: sent}


@pytest.mark.parametrize(
    ("column", "value", "word"),
    [
        ("totalamount", Money(Decimal(1), "USD"), "HKD"),
        ("new_amount", Quantity(Decimal(1), "Piece"), "Piece"),
        ("statuscode", Choice("Complete", "Complete"), "number"),
        ("totalamount", HIDDEN, "hidden"),
        ("ownerid", None, "emptied"),
        ("ownerid", Ref("systemuser", "mei"), "id"),
    ],
)
def test_a_value_that_would_mean_something_else_there_is_refused(
    office: Office, column: str, value: Scalar, word: str
) -> None:
    acted = act(office, action(Verb.SET, fields={column: value}))
    assert acted.effect is Effect.REFUSED
    assert word in acted.reason
    assert office.vendor.calls("PATCH") == []


def test_an_amount_without_any_known_currency_is_refused(office: Office) -> None:
    bare = record(totalamount=Decimal(1250))
    acted = act(office, action(Verb.SET, fields={"totalamount": Money(Decimal(1), "HKD")}), bare)
    assert acted.effect is Effect.REFUSED
    assert "not known" in acted.reason


@pytest.mark.parametrize("kind", ["systemuser", "team"])
def test_a_look_up_is_written_by_its_navigation_property(office: Office, kind: str) -> None:
    relations = "EntityDefinitions(LogicalName='salesorder')/ManyToOneRelationships"
    office.vendor.on(
        "GET",
        relations,
        rows({"ReferencedEntity": "owner", "ReferencingEntityNavigationPropertyName": "ownerid"}),
    )
    office.vendor.on("GET", PATH, order(_ownerid_value=MEI), order(AFTER, _ownerid_value=OTHER.upper()))
    office.vendor.on("PATCH", PATH, Said(204))
    acted = act(office, action(Verb.SET, fields={"ownerid": Ref(kind, OTHER)}))
    assert acted.effect is Effect.DONE
    assert written(office).body == {"ownerid@odata.bind": f"/{kind}s({OTHER})"}
    (asked,) = office.vendor.calls("GET", relations)
    assert asked.params["$filter"] == "ReferencingAttribute eq 'ownerid'"


def test_a_look_up_that_does_not_point_there_is_refused(office: Office) -> None:
    office.vendor.on("GET", "EntityDefinitions(LogicalName='salesorder')/ManyToOneRelationships", rows())
    acted = act(office, action(Verb.SET, fields={"ownerid": Ref("account", OTHER)}))
    assert acted.effect is Effect.REFUSED
    assert "account" in acted.reason


def test_what_is_decided_already_is_not_written_again_and_tells_by_whom(office: Office) -> None:
    office.vendor.on("GET", PATH, order(AFTER, **APPROVED))
    acted = act(office, action(), record(AFTER, by=OTHER))
    assert acted == Acted(Effect.ALREADY, record(AFTER, by=OTHER), Ref("systemuser", OTHER))
    assert office.vendor.calls("PATCH") == []


def test_a_record_that_moved_is_left_alone(office: Office) -> None:
    office.vendor.on("GET", PATH, order(AFTER))
    acted = act(office, action(), record(AFTER))
    assert acted.effect is Effect.MOVED
    assert acted.reason
    assert office.vendor.calls("PATCH") == []


def test_a_record_that_moves_just_before_the_write_is_left_alone(office: Office) -> None:
    """The vendor's sentence stands in its page on conditional operations, with an empty code."""
    office.vendor.on("GET", PATH, order(), order(AFTER))
    office.vendor.on(
        "PATCH",
        PATH,
        no(412, "", "The version of the existing record doesn't match the RowVersion property provided."),
    )
    acted = act(office, action(), record(), record(AFTER))
    assert acted.effect is Effect.MOVED
    assert acted.record == record(AFTER)


def test_two_who_decide_the_same_at_once_are_both_told_it_is_done(office: Office) -> None:
    office.vendor.on("GET", PATH, order(), order(AFTER, **APPROVED))
    office.vendor.on("PATCH", PATH, no(412, "0x80060882"))
    assert act(office, action(), record(), record(AFTER, by=OTHER)).effect is Effect.ALREADY


def test_a_duplicate_is_no_movement_though_it_has_the_same_status(office: Office) -> None:
    office.vendor.on("GET", PATH, order())
    office.vendor.on("PATCH", PATH, no(412, "0x80040237"))
    acted = act(office, action(Verb.SET, fields={"name": "Taken"}))
    assert acted.effect is Effect.REFUSED
    assert "unique" in acted.reason


def test_a_record_that_is_gone_is_not_made_anew(office: Office) -> None:
    office.vendor.on("GET", PATH, order(), no(404, "0x80040217"))
    office.vendor.on("PATCH", PATH, no(404, "", f"salesorder With Id = {ORDER} Does Not Exist"))
    assert act(office, action(), record(), record(deleted=True)).effect is Effect.MOVED
    assert act(office, action(), record(deleted=True)).effect is Effect.MOVED
    assert len(office.vendor.calls("PATCH")) == 1


def test_a_record_that_the_person_is_not_shown_is_denied(office: Office) -> None:
    office.vendor.on("GET", PATH, order())
    office.vendor.on("PATCH", PATH, no(404, "0x80040217"))
    assert act(office, action()).effect is Effect.DENIED


@pytest.mark.parametrize("code", ["0x80048306", "0x80040220", "0x8004f507"])
def test_who_may_not_is_denied_with_the_sources_sentence(office: Office, code: str) -> None:
    office.vendor.on("GET", PATH, order())
    office.vendor.on("PATCH", PATH, no(403, code))
    acted = act(office, action(), may=NO)
    assert (acted.effect, acted.reason) == (Effect.DENIED, NO.reason)


def test_a_privilege_that_only_the_bridge_lacks_is_the_operators_affair(office: Office) -> None:
    office.vendor.on("GET", PATH, order())
    office.vendor.on("PATCH", PATH, lacking())
    with pytest.raises(Misconfigured, match="application user"):
        act(office, action(), may=YES)


def test_without_the_privilege_to_act_for_people_the_operator_is_told(office: Office) -> None:
    office.vendor.on("GET", PATH, order())
    office.vendor.on(
        "PATCH", PATH, no(403, "0x8004A110", "User does not have the privilege to act on behalf another user.")
    )
    with pytest.raises(Misconfigured, match="prvActOnBehalfOfAnotherUser"):
        act(office, action())


@pytest.mark.parametrize(
    ("status", "code", "message", "word"),
    [
        (400, "0x80040265", "Orders above the\r\n credit limit need a manager.", "need a manager"),
        (400, "0x80040265", "x" * 900, "x" * 100),
        (400, "0x80048408", "5 is not a valid status code for state code SalesOrderState.Active", "state and status"),
        (400, "0x80100005", "This message can not be used to set the state of opportunity to won.", "call of its own"),
        (
            400,
            "0x80040216",
            "This message can not be used to set the state of incident to Resolved.",
            "call of its own",
        ),
        (400, "0x80044331", "A validation error occurred. The value 'secret-value' is too long", "too long"),
        (400, "0x80012345", "No such luck with secret-value", "0x80012345"),
        (405, "", "", "HTTP 405"),
    ],
)
def test_the_vendors_and_the_companys_rules_refuse_with_a_sentence(
    office: Office, status: int, code: str, message: str, word: str
) -> None:
    office.vendor.on("GET", PATH, order())
    office.vendor.on("PATCH", PATH, no(status, code, message))
    acted = act(office, action())
    assert acted.effect is Effect.REFUSED
    assert word in acted.reason
    assert len(acted.reason) < 400
    assert "secret-value" not in acted.reason
    assert "\n" not in acted.reason


def test_a_table_without_conditional_updates_takes_no_decisions(office: Office) -> None:
    office.vendor.on("GET", PATH, order())
    office.vendor.on("PATCH", PATH, no(400, "0x80060883"))
    with pytest.raises(Misconfigured, match="conditional"):
        act(office, action())


def test_a_value_that_a_rule_of_the_table_set_back_is_said(office: Office) -> None:
    office.vendor.on("GET", PATH, order(), order(AFTER, statecode=1, statuscode=100001))
    office.vendor.on("PATCH", PATH, Said(204))
    acted = act(office, action())
    assert acted.effect is Effect.REFUSED
    assert "statuscode" in acted.reason


def test_a_lost_answer_is_looked_up(office: Office) -> None:
    office.vendor.on("GET", PATH, order(), order(AFTER, **APPROVED))
    office.vendor.on("PATCH", PATH, Said(cut=True))
    assert act(office, action(), record(), record(AFTER, by=MEI)).effect is Effect.DONE
    assert len(office.vendor.calls("PATCH")) == 1


def test_a_lost_answer_where_somebody_else_was_faster(office: Office) -> None:
    office.vendor.on("GET", PATH, order(), order(AFTER, **APPROVED))
    office.vendor.on("PATCH", PATH, Said(cut=True))
    assert act(office, action(), record(), record(AFTER, by=OTHER)).effect is Effect.ALREADY


def test_a_lost_answer_where_nothing_was_written_may_be_tried_again(office: Office) -> None:
    office.vendor.on("GET", PATH, order())
    office.vendor.on("PATCH", PATH, Said(503))
    with pytest.raises(Retryable):
        act(office, action())
    assert len(office.vendor.calls("PATCH")) == 1, "a write is not repeated by itself"


@pytest.mark.parametrize("after", [order(AFTER, statuscode=2), no(404), Said(500)])
def test_a_lost_answer_that_stays_unclear_is_said_to_be(office: Office, after: Said) -> None:
    office.vendor.on("GET", PATH, order(), after)
    office.vendor.on("PATCH", PATH, Said(cut=True))
    with pytest.raises(Unknown):
        act(office, action())


def test_the_vendors_limit_stops_the_calls_of_this_user(office: Office) -> None:
    office.vendor.on("GET", PATH, order())
    office.vendor.on("PATCH", PATH, Said(429, no(429, "0x80072322").body, {"Retry-After": "7"}))
    with pytest.raises(Throttled) as caught:
        act(office, action())
    assert caught.value.after is not None
    assert caught.value.after.total_seconds() == 7


@pytest.mark.parametrize("nobody", [user(disabled=True), user(object_id=None), no(404, "0x80040217")])
def test_somebody_who_is_no_enabled_user_is_denied(office: Office, nobody: Said) -> None:
    office.vendor.on("GET", f"systemusers({MEI})", nobody)
    acted = act(office, action())
    assert acted.effect is Effect.DENIED
    assert "user" in acted.reason
    assert office.vendor.calls("PATCH") == []


def test_an_actor_that_is_no_id_is_denied_without_a_call(office: Office) -> None:
    assert act(office, action(actor="mei@example.test")).effect is Effect.DENIED
    assert office.vendor.calls("GET", "systemusers") == []


@pytest.mark.parametrize(("act_as", "header"), [("caller_id", {"mscrmcallerid": MEI}), ("application_user", {})])
def test_whose_name_a_write_has_is_a_setting(office: Office, act_as: str, header: dict[str, str]) -> None:
    office.vendor.on("GET", f"systemusers({MEI})", user(object_id=None))
    office.vendor.on("GET", PATH, order(), order(AFTER, **APPROVED))
    office.vendor.on("PATCH", PATH, Said(204))
    acted = act(office, action(), record(), record(AFTER), act_as=act_as)
    assert acted.effect is Effect.DONE
    assert acted.by == Ref("systemuser", MEI if header else BRIDGE)
    sent = written(office).headers
    assert {name: sent[name] for name in ("callerobjectid", "mscrmcallerid") if name in sent} == header


def test_the_same_decision_twice_writes_once(office: Office) -> None:
    office.vendor.on("GET", PATH, order(), order(AFTER, **APPROVED))
    office.vendor.on("PATCH", PATH, Said(204))
    assert act(office, action(), record(), record(AFTER)).effect is Effect.DONE
    assert act(office, action(), record(AFTER)).effect is Effect.ALREADY
    assert len(office.vendor.calls("PATCH")) == 1
