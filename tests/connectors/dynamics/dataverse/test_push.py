from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.contract import Hint, Refusal
from connectors.dynamics.dataverse.push import MAX_BODY, Place, Receiver, Webhook
from tests.connectors.dynamics.dataverse.pushed import (
    KEY,
    LINE,
    MODIFIED,
    MODIFIED_MS,
    ORDER,
    context,
    entity,
    modified,
    pairs,
    reference,
    request,
)

OTHER = "11111111-0f9f-e711-8122-000d3aa2331c"
NOBODY = "00000000-0000-0000-0000-000000000000"
KINDS = {"salesorder": ("salesorderdetail",), "account": ()}


def receiver(**changes: Any) -> Receiver:
    return Receiver(Webhook.model_validate({"keys": [KEY]} | changes), KINDS)


def hints(body: Any) -> tuple[Hint, ...]:
    received = receiver().receive(request(body))
    assert received.refusal is None, received.reason
    assert received.reply.status == 200
    assert received.records == ()
    return received.hints


@pytest.mark.parametrize("message", ["Create", "Update", "Assign", "SetState", "Win", "somethingnew_Approve"])
def test_a_push_names_what_to_read_again_until_it_is_as_new(message: str) -> None:
    assert hints(context(message=message)) == (Hint("salesorder", ORDER, MODIFIED),)


def test_a_deletion_is_read_once_because_nothing_new_will_be_there() -> None:
    body = context(message="Delete", InputParameters=pairs(Target=reference("salesorder", ORDER)))
    assert hints(body) == (Hint("salesorder", ORDER),)


def test_a_body_that_was_cut_still_names_its_record() -> None:
    cut = context(InputParameters=None, ParentContext=None, PreEntityImages=None, PostEntityImages=None)
    received = receiver().receive(request(cut, x_ms_dynamics_msg_size_exceeded="true"))
    assert received.hints == (Hint("salesorder", ORDER),)


def test_the_stamp_is_the_records_own_and_never_that_of_the_operation() -> None:
    """In the vendor's own example the operation's time lies behind the record's, so no read would reach it."""
    target = entity("salesorder", ORDER, description="changed")
    assert hints(context(InputParameters=pairs(Target=target))) == (Hint("salesorder", ORDER),)
    image = {"Attributes": pairs(modifiedon=modified(MODIFIED_MS + 999)), "Id": ORDER, "LogicalName": "salesorder"}
    body = context(InputParameters=pairs(Target=target), PostEntityImages=pairs(AsynchronousStepPrimaryName=image))
    assert hints(body) == (Hint("salesorder", ORDER, MODIFIED),)


@pytest.mark.parametrize("odd", [None, 17, "2017-09-26", "/Date(1506409448000-0700)/", "/Date(999999999999999)/", {}])
def test_a_time_that_is_not_understood_costs_one_read_and_no_more(odd: Any) -> None:
    target = entity("salesorder", ORDER, modifiedon=odd)
    assert hints(context(InputParameters=pairs(Target=target))) == (Hint("salesorder", ORDER),)


def test_an_id_is_written_as_the_web_api_writes_it() -> None:
    body = context(PrimaryEntityId=f"{{{ORDER.upper()}}}", PrimaryEntityName="SalesOrder")
    assert hints(body) == (Hint("salesorder", ORDER, MODIFIED),)


def test_a_new_record_may_be_named_by_what_was_returned() -> None:
    body = context(message="Create", PrimaryEntityId=NOBODY, OutputParameters=pairs(id=ORDER))
    assert hints(body) == (Hint("salesorder", ORDER, MODIFIED),)


def test_a_message_for_many_rows_names_each() -> None:
    rows = [entity("salesorder", ORDER, modifiedon=modified()), entity("salesorder", OTHER), "odd"]
    targets = {"Entities": rows, "EntityName": "salesorder"}
    body = context(message="UpdateMultiple", PrimaryEntityId=NOBODY, InputParameters=pairs(Targets=targets))
    assert hints(body) == (Hint("salesorder", ORDER, MODIFIED), Hint("salesorder", OTHER))


def test_a_table_that_nobody_reads_is_taken_and_brings_nothing() -> None:
    assert hints(context("contact")) == ()
    assert hints(context("none", NOBODY)) == ()
    assert hints({"PrimaryEntityName": None}) == ()


def test_a_line_names_its_parent() -> None:
    parent = reference("salesorder", ORDER.upper())
    product = reference("product", OTHER)
    target = entity("salesorderdetail", LINE, productid=product, salesorderid=parent, modifiedon=modified())
    body = context("salesorderdetail", LINE, InputParameters=pairs(Target=target))
    assert hints(body) == (Hint("salesorder", ORDER),)


def test_a_line_that_is_gone_names_its_parent_by_what_was_before() -> None:
    before = {"Attributes": pairs(salesorderid=reference("salesorder", ORDER)), "Id": LINE}
    gone = pairs(Target=reference("salesorderdetail", LINE))
    body = context("salesorderdetail", LINE, "Delete", InputParameters=gone, PreEntityImages=pairs(before=before))
    assert hints(body) == (Hint("salesorder", ORDER),)


def test_a_line_that_does_not_name_its_parent_is_left_to_the_next_reading() -> None:
    assert hints(context("salesorderdetail", LINE)) == ()


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ("", Refusal.UNSIGNED),
        ("code=", Refusal.UNSIGNED),
        (f"Code={KEY}", Refusal.UNSIGNED),
        ("&".join(["x=1"] * 60), Refusal.UNSIGNED),
        ("code=guess", Refusal.BAD_SIGNATURE),
        (f"code={KEY[:-1]}", Refusal.BAD_SIGNATURE),
        (f"code={KEY}%20", Refusal.BAD_SIGNATURE),
        ("code=%C3%BC%00", Refusal.BAD_SIGNATURE),
    ],
)
def test_who_does_not_know_the_key_is_refused_with_a_sentence(query: str, refusal: Refusal) -> None:
    received = receiver().receive(request(query=query))
    assert received.refusal is refusal
    assert received.hints == ()
    assert received.reply.status == 401
    assert received.reason
    assert KEY not in repr(received)


def test_the_key_may_stand_in_a_header_or_in_a_part_of_its_own() -> None:
    by_header = receiver(place="header", name="X-Bridge-Key")
    assert by_header.receive(request(query="", x_bridge_key=KEY)).refusal is None
    assert by_header.receive(request(query=f"code={KEY}")).refusal is Refusal.UNSIGNED
    assert receiver(name="bridge").receive(request(query=f"a=1&bridge={KEY}")).refusal is None


def test_while_the_key_is_changed_both_hold() -> None:
    both = receiver(keys=["the-next-key-of-the-webhook", KEY])
    assert both.receive(request()).refusal is None
    assert both.receive(request(query="code=the-next-key-of-the-webhook")).refusal is None


def test_without_a_key_nobody_is_believed() -> None:
    received = Receiver(None, KINDS).receive(request())
    assert received.refusal is Refusal.UNSIGNED
    assert "webhook" in received.reason


@pytest.mark.parametrize(
    "key", ["tooshortakey", "a key with spaces in it, long", "a+key/that=would&be-encoded", "x" * 300]
)
def test_a_key_that_could_be_guessed_or_garbled_is_not_taken(key: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Webhook.model_validate({"keys": [key]})
    assert key not in str(caught.value)


def test_a_header_has_a_name_of_its_own() -> None:
    with pytest.raises(ValidationError):
        Webhook.model_validate({"keys": [KEY], "place": Place.HEADER})


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b"[]", b"null", b"[" * 5000, b'{"PrimaryEntityName": 7}', b'{"InputParameters": {}}'],
)
def test_whatever_the_bytes_are_they_get_an_answer(body: bytes) -> None:
    assert receiver().receive(request(body)).refusal is Refusal.MALFORMED


@pytest.mark.parametrize(
    "changes",
    [
        {"PrimaryEntityId": None},
        {"PrimaryEntityId": "1' or '1'='1"},
        {"PrimaryEntityId": NOBODY, "InputParameters": None},
        {"PrimaryEntityId": NOBODY, "InputParameters": pairs(Targets={"Entities": []})},
    ],
)
def test_a_push_of_a_table_that_names_no_record_is_said(changes: dict[str, Any]) -> None:
    received = receiver().receive(request(context() | changes))
    assert received.refusal is Refusal.INCOMPLETE
    assert received.reply.status == 400


@pytest.mark.parametrize("odd", [{"Attributes": 7}, {"Attributes": [7, {"key": "modifiedon"}]}, [], "text", None])
def test_parts_that_are_not_as_documented_do_not_stop_the_rest(odd: Any) -> None:
    body = context(InputParameters=pairs(Target=odd), PreEntityImages=pairs(a=odd), PostEntityImages=pairs(b=odd))
    assert hints(body) == (Hint("salesorder", ORDER),)
    assert hints(context("salesorderdetail", LINE, InputParameters=pairs(Target=odd))) == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(ORDER) | st.just(modified()),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Id", "Attributes", "Entities", "key", "value", "LogicalName"]), inner)
    ),
    max_leaves=12,
)
PARTS = ("InputParameters", "OutputParameters", "PreEntityImages", "PostEntityImages", "PrimaryEntityId")


@given(st.sampled_from(["salesorder", "salesorderdetail"]), st.dictionaries(st.sampled_from(PARTS), JSON))
def test_whatever_a_push_holds_it_gets_an_answer_and_names_ids_alone(table: str, parts: dict[str, Any]) -> None:
    received = receiver().receive(request(context(table) | parts))
    assert received.reply.status in {200, 400}
    assert all(hint.kind == "salesorder" and hint.id == ORDER for hint in received.hints)


def test_too_large_and_too_much_get_what_the_vendor_understands() -> None:
    received = receiver().receive(request(b" " * (MAX_BODY + 1)))
    assert received.refusal is Refusal.TOO_LARGE
    assert receiver().refuse(Refusal.TOO_LARGE).status == 413
    assert receiver().refuse(Refusal.OVERLOADED).status == 503, "it is tried once more"
