"""Approvals: decided by the person whose turn it is, once, and told apart from what was decided before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug import Request, Response

from connectors.contract import Action, Answer, Effect, Malformed, Ref, Retryable, Unknown, Verb
from connectors.salesforce.approvals import mark
from tests.connectors.salesforce.office import ANN, BOB, DEAL, EVE, QUEUE, Office, opened, refusal, shown

POST = "process/approvals"


@pytest.fixture
def office() -> Iterator[Office]:
    with opened() as found:
        yield found


def action(office: Office, **changes: Any) -> Action:
    usual = {"key": "k1", "verb": Verb.APPROVE, "kind": "Opportunity", "id": DEAL, "actor": ANN, "comment": "Fine."}
    return Action(**{**usual, "version": shown(office.stamp), **changes})


@pytest.mark.parametrize(("verb", "status"), [(Verb.APPROVE, "Approved"), (Verb.REJECT, "Rejected")])
def test_it_is_decided_by_the_person_with_the_comment(office: Office, verb: Verb, status: str) -> None:
    office.submit(ANN)
    acted = office.client().act(action(office, verb=verb))
    assert (acted.effect, acted.by) == (Effect.DONE, Ref("User", ANN))
    assert acted.record is not None
    (step,) = office.steps
    assert (step["StepStatus"], step["ActorId"]) == (status, ANN)
    assert step["Comments"].startswith("Fine. [dingbridge ")
    (sent,) = office.calls(POST)
    assert sent.headers["Authorization"].startswith("Bearer token of Ann Approver@example.com")


def test_all_that_is_known_before_is_asked_in_one_call(office: Office) -> None:
    office.submit(ANN)
    office.client().act(action(office))
    assert len(office.calls("composite")) == 1


def test_the_same_decision_twice_is_one_even_where_the_next_step_is_theirs_too(office: Office) -> None:
    office.submit(ANN, ANN)
    client, decision = office.client(), action(office)
    assert client.act(decision).effect is Effect.DONE
    assert client.act(decision).effect is Effect.DONE
    assert len(office.calls(POST)) == 1
    assert len(office.items) == 1


@pytest.mark.parametrize("status", ["Approved", "Rejected", "Removed"])
def test_what_was_decided_before_says_by_whom(office: Office, status: str) -> None:
    office.submit(BOB)
    office.items.clear()
    office.decided(BOB, status)
    acted = office.client().act(action(office))
    assert (acted.effect, acted.by) == (Effect.ALREADY, Ref("User", BOB, "Bob Buyer"))
    assert acted.reason.startswith("It was ")
    assert office.calls(POST) == []


def test_who_decided_their_part_is_told_that_others_still_have_to(office: Office) -> None:
    office.submit(BOB)
    office.decided(ANN, "Approved")
    acted = office.client().act(action(office, key="another press"))
    assert (acted.effect, acted.by) == (Effect.ALREADY, Ref("User", ANN, "Ann Approver"))
    assert office.status == "Pending"


def test_a_decision_that_came_between_look_and_press_is_told(office: Office) -> None:
    office.submit(ANN)

    def faster(_: Request) -> None:
        office.items.clear()
        office.decided(BOB, "Rejected")

    office.fail(POST, faster)
    acted = office.client().act(action(office))
    assert (acted.effect, acted.by) == (Effect.ALREADY, Ref("User", BOB, "Bob Buyer"))


def test_who_is_no_approver_is_denied(office: Office) -> None:
    office.submit(BOB)
    assert office.client().act(action(office, actor=EVE)).effect is Effect.DENIED
    assert office.calls(POST) == []


def test_a_delegate_may(office: Office) -> None:
    office.submit(BOB)
    office.delegates[BOB] = ANN
    assert office.client().act(action(office)).effect is Effect.DONE


@pytest.mark.parametrize("member", [True, False])
def test_who_is_in_a_queue_the_vendor_knows(office: Office, member: bool) -> None:
    office.submit(QUEUE)
    if not member:
        office.fail(POST, refusal(400, "INSUFFICIENT_ACCESS_OR_READONLY", "You are not in the queue."))
    expected = Effect.DONE if member else Effect.DENIED
    assert office.client().act(action(office)).effect is expected


def test_a_record_in_no_approval_is_refused(office: Office) -> None:
    acted = office.client().act(action(office))
    assert (acted.effect, "submit" in acted.reason) == (Effect.REFUSED, True)


def test_a_record_that_moved_is_not_decided(office: Office) -> None:
    office.submit(ANN)
    seen = action(office)
    office.change(BOB, Amount=2)
    acted = office.client().act(seen)
    assert (acted.effect, acted.by) == (Effect.MOVED, Ref("User", BOB, "Bob Buyer"))
    assert office.steps == []


def failed(code: str) -> Response:
    return Response(json.dumps([{"success": False, "errors": [{"statusCode": code, "message": "Add a reason."}]}]))


@pytest.mark.parametrize(
    "answer",
    [
        failed("FIELD_CUSTOM_VALIDATION_EXCEPTION"),
        refusal(400, "ENTITY_IS_LOCKED", "Add a reason."),
        refusal(400, "INVALID_CROSS_REFERENCE_KEY", "Add a reason."),
    ],
)
def test_a_refusal_is_no_decision_and_tells_the_vendors_words(office: Office, answer: Response) -> None:
    office.submit(ANN)
    office.fail(POST, answer)
    acted = office.client().act(action(office))
    assert (acted.effect, acted.reason.endswith("Add a reason.")) == (Effect.REFUSED, True)


@pytest.mark.parametrize("body", ["[]", "{}", '[{"success":"maybe"}]'])
def test_an_answer_that_is_no_result_is_malformed(office: Office, body: str) -> None:
    office.submit(ANN)
    office.fail(POST, Response(body))
    with pytest.raises(Malformed):
        office.client().act(action(office))


@pytest.mark.parametrize("done", [True, False])
def test_after_a_lost_answer_the_mark_tells_whose_decision_it_was(office: Office, done: bool) -> None:
    office.submit(ANN)
    office.lose(POST, carried_out=done)
    client, decision = office.client(), action(office)
    if done:
        assert client.act(decision).effect is Effect.DONE
    else:
        with pytest.raises(Retryable):
            client.act(decision)
        assert client.act(decision).effect is Effect.DONE
    assert [step["StepStatus"] for step in office.steps] == ["Approved"]


def test_a_lost_answer_that_nothing_explains_is_unknown(office: Office) -> None:
    office.submit(ANN, BOB)

    def gone(_: Request) -> None:
        office.items.pop(next(iter(office.items)))

    office.fail(POST, gone)
    office.lose(POST, carried_out=False)
    with pytest.raises(Unknown):
        office.client().act(action(office))


def test_a_long_comment_keeps_its_mark(office: Office) -> None:
    office.submit(ANN)
    office.client().act(action(office, comment="x" * 5000))
    (step,) = office.steps
    assert len(step["Comments"]) <= 4000
    assert step["Comments"].endswith(mark(action(office)))


def test_it_may_be_asked_before(office: Office) -> None:
    client = office.client()
    assert not client.may(ANN, action(office)).allowed
    office.submit(ANN)
    assert client.may(ANN, action(office)) == Answer(allowed=True)
    assert client.may(EVE, action(office)) == Answer(allowed=False, reason="You are not the approver whose turn it is.")
    assert not client.may("005Dn000001GonEIAS", action(office)).allowed
    assert not client.may(ANN, action(office, verb=Verb.TRANSITION)).allowed
    assert office.calls(POST) == []
