from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.contract import RawRequest, Received, Receives, Refusal, Topic
from connectors.dingtalk.callbacks.cards import CardDoor
from connectors.dingtalk.callbacks.doors import MOST_BYTES, Doors
from connectors.dingtalk.callbacks.envelope import Key
from tests.connectors.dingtalk.callbacks.posts import (
    AES_KEY,
    EVENT,
    KEY,
    NOW,
    OLD,
    OWNER,
    PRESS,
    SAID,
    STAMP,
    doors,
    enveloped,
    event,
    press,
    request,
    said,
    sealed,
)

HIDDEN = ("this is a secret", AES_KEY, "manager4220", "user456", "你好")


def refused(request: RawRequest, refusal: Refusal, status: int) -> Received:
    received = doors().receive(request)
    assert received.refusal is refusal
    assert received.reply.status == status
    assert received.reason
    assert not any(word in received.reason for word in HIDDEN)
    assert (received.changes, received.presses, received.words) == ((), (), ())
    return received


def test_doors_fulfil_the_contract() -> None:
    assert isinstance(doors(), Receives)
    assert doors().max_body == MOST_BYTES


def test_an_event_says_who_joined_which_group() -> None:
    received = doors().receive(event())
    assert received.refusal is None
    (change,) = received.changes
    assert change.topic is Topic.GROUP_JOINED
    assert (change.id, change.event, change.company) == (EVENT["eventId"], "chat_add_member", "ding9f50b15b")
    assert (change.people, change.unions, change.group) == (("user456",), ("3rBUxQiEiE",), "iis6fGqqqt87iEiE")
    assert change.details["chatid"] == EVENT["chatId"]
    assert change.at.timestamp() == 1608027106.99


def test_the_reply_is_an_encrypted_and_signed_success() -> None:
    reply = doors().receive(event()).reply
    body = json.loads(reply.body)
    assert reply.status == 200
    assert reply.content_type.startswith("application/json")
    assert set(body) == {"msg_signature", "timeStamp", "nonce", "encrypt"}
    assert KEY.open(body["encrypt"]) == (b"success", OWNER)
    assert KEY.signed(body["msg_signature"], body["timeStamp"], body["nonce"], body["encrypt"])


@pytest.mark.parametrize("made", [event, press, said])
def test_the_same_request_gets_the_same_reply_from_every_process(made: Callable[[], RawRequest]) -> None:
    assert doors().receive(made()) == doors().receive(made())


def test_another_request_gets_another_reply() -> None:
    replies = {doors().receive(event(nonce=nonce)).reply.body for nonce in ("a", "b")}
    assert len(replies) == 2


@pytest.mark.parametrize("proof", ["", "x", "\udcff\x00", "\u00e9" * 40])
@pytest.mark.parametrize("name", ["x-ddpaas-signature", "x-ddpaas-signature-timestamp", "sign", "timestamp"])
def test_a_proof_of_odd_signs_is_refused(name: str, proof: str) -> None:
    genuine = press() if name.startswith("x-") else said()
    received = doors().receive(replace(genuine, headers={**genuine.headers, name: proof}))
    assert received.refusal in {Refusal.UNSIGNED, Refusal.BAD_SIGNATURE}
    odd = doors().receive(replace(event(), query=f"msg_signature={proof}&timestamp={proof}&nonce={proof}"))
    assert odd.refusal in {Refusal.UNSIGNED, Refusal.BAD_SIGNATURE}


def test_check_url_is_answered_like_any_event() -> None:
    received = doors().receive(event({"EventType": "check_url"}))
    assert [change.topic for change in received.changes] == [Topic.CHECK]
    assert KEY.open(json.loads(received.reply.body)["encrypt"])[0] == b"success"


def test_the_older_name_of_the_signature_is_read() -> None:
    assert doors().receive(event(name="signature")).refusal is None


@pytest.mark.parametrize("key", [OLD, KEY])
def test_while_keys_change_both_hold_and_each_is_answered_with_itself(key: Key) -> None:
    received = doors().receive(event(key=key))
    assert received.refusal is None
    assert key.open(json.loads(received.reply.body)["encrypt"]) == (b"success", OWNER)


def test_two_keys_that_share_a_token_are_told_apart_by_what_opens() -> None:
    other = Key.of("123456", AES_KEY[::-1])
    assert doors().receive(event(key=other)).refusal is Refusal.MALFORMED
    both = replace(doors(), events=replace(doors().events, keys=(KEY, other)))  # type: ignore[type-var]  # it is there
    assert both.receive(event(key=other)).refusal is None
    assert both.receive(event()).refusal is None


@pytest.mark.parametrize("owner", [OWNER, "ding9f50b15b"])
def test_the_receiver_is_the_client_id_or_the_company(owner: str) -> None:
    received = doors().receive(event(owner=owner))
    assert KEY.open(json.loads(received.reply.body)["encrypt"])[1] == owner


def test_an_envelope_for_somebody_else_is_refused() -> None:
    assert "another application" in refused(event(owner="dingother"), Refusal.MALFORMED, 400).reason


@pytest.mark.parametrize("missing", ["msg_signature", "timestamp", "nonce"])
def test_an_event_without_one_of_the_four_is_refused(missing: str) -> None:
    query = "&".join(part for part in event().query.split("&") if not part.startswith(missing))
    refused(replace(event(), query=query), Refusal.UNSIGNED, 401)


def test_an_event_whose_signature_was_made_with_another_token_is_refused() -> None:
    refused(event(key=Key.of("guessed", AES_KEY)), Refusal.BAD_SIGNATURE, 401)


@pytest.mark.parametrize("field", ["timestamp", "nonce", "encrypt"])
def test_what_was_signed_cannot_be_changed(field: str) -> None:
    good = event()
    if field == "encrypt":
        encrypted = json.loads(good.body)["encrypt"]
        bad = replace(good, body=json.dumps({"encrypt": encrypted[:-8] + "AAAAAAA="}).encode())
    else:
        bad = replace(good, query=good.query.replace(f"{field}=", f"{field}=1"))
    refused(bad, Refusal.BAD_SIGNATURE, 401)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"EventType":""}',
        b"\xff",
        b"[" * 3000,
        b'{"EventType":"chat_quit","operator":{}}',
    ],
)
def test_a_genuine_envelope_with_nonsense_inside_is_malformed(text: bytes) -> None:
    refused(sealed(text), Refusal.MALFORMED, 400)


def test_a_genuine_signature_over_no_envelope_is_malformed() -> None:
    refused(enveloped("AAAA"), Refusal.MALFORMED, 400)


def test_an_event_that_nothing_depends_on_is_still_acknowledged() -> None:
    received = doors().receive(event({"EventType": "attendance_check_record", "eventId": "e1", "userId": {"deep": 1}}))
    assert [(change.topic, change.event) for change in received.changes] == [(Topic.OTHER, "attendance_check_record")]


@pytest.mark.parametrize("name", ["errorCode", "errCode"])
def test_an_event_whose_content_was_taken_away_says_so(name: str) -> None:
    received = doors().receive(event({"EventType": "user_add_org", "eventId": "e1", name: 20001}))
    assert [(change.topic, change.event) for change in received.changes] == [(Topic.QUOTA_SPENT, "user_add_org")]


def test_an_event_without_an_id_is_the_same_when_it_comes_again() -> None:
    first, again = ({"EventType": "org_change", "CorpId": corp} for corp in ("ding1", "ding2"))
    numbers = [doors().receive(event(data)).changes[0].id for data in (first, first, again)]
    assert numbers[0] == numbers[1] != numbers[2]


def test_a_press_says_who_pressed_what() -> None:
    received = doors().receive(press())
    (pressed,) = received.presses
    assert (pressed.card, pressed.by, pressed.buttons) == ("card-1", "manager4220", ("1",))
    assert pressed.params == {"action": "accept", "sum": "12.10"}
    assert pressed.at == NOW
    assert received.reply.body == b"{}"
    assert doors().receive(press()).presses[0].id == pressed.id


def test_a_press_can_be_answered_with_what_the_ledger_shows() -> None:
    received = doors().receive(press())
    body = json.loads(doors().answered(received, {"state": "done"}).reply.body)
    assert body["userPrivateData"] == {"cardParamMap": {"state": "done"}}
    assert body["cardUpdateOptions"] == {"updateCardDataByKey": True, "updatePrivateDataByKey": True}
    assert doors().answered(received, {}) == received


def test_the_vendors_vector_of_a_cards_signature() -> None:
    headers = {
        "x-ddpaas-signature-timestamp": STAMP,
        "x-ddpaas-signature": "T+LOEv1r7F4GSLI7+/8Vi6X8GLOiFLTCBzFGcUSKleE=",
    }
    assert CardDoor((b"secret",)).receive(request(json.dumps(PRESS).encode(), headers=headers)).refusal is None


def test_the_vendors_vector_of_a_robots_signature() -> None:
    """`this is a secret` at 1577262236757: https://open.dingtalk.com/document/development/robot-message-type."""
    headers = {"timestamp": "1577262236757", "sign": "DJrE6qdyVGCQz9z5r2MDuNcNAhwYnuAkyj13cx169CA="}
    at = NOW.fromtimestamp(1577262236.757, NOW.tzinfo)
    received = doors().receive(request(json.dumps(SAID).encode(), headers=headers, at=at))
    assert [words.text for words in received.words] == ["你好"]
    assert received.reply.body == b'{"msgtype":"empty"}'


@pytest.mark.parametrize(
    ("body", "refusal"),
    [(b"", Refusal.MALFORMED), (b"{}", Refusal.MALFORMED), (b'{"outTrackId":"c","userId":{}}', Refusal.MALFORMED)],
)
def test_a_genuine_press_of_nonsense_is_refused(body: bytes, refusal: Refusal) -> None:
    refused(press(body), refusal, 400)


@pytest.mark.parametrize("late", [timedelta(minutes=6), -timedelta(minutes=6)])
def test_an_old_press_is_stale(late: timedelta) -> None:
    refused(press(at=NOW + late), Refusal.STALE, 401)


@pytest.mark.parametrize(("late", "taken"), [(timedelta(minutes=59), True), (timedelta(minutes=61), False)])
def test_words_are_believed_for_an_hour(late: timedelta, taken: bool) -> None:
    assert (doors().receive(said(late=late)).refusal is None) is taken
    assert (doors().receive(said(late=-late)).refusal is None) is taken


def test_guessed_secrets_are_refused() -> None:
    refused(press(secret=b"guessed"), Refusal.BAD_SIGNATURE, 401)
    refused(said(secret=b"guessed"), Refusal.BAD_SIGNATURE, 401)


def test_each_of_several_secrets_holds() -> None:
    assert doors().receive(press(secret=b"older")).refusal is None
    assert doors().receive(said(secret=b"older")).refusal is None


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"text": {"content": " /why SO-1042 "}}, "/why SO-1042"),
        ({"text": {"content": "@桥\u2005/why\u3000SO-\u200b1042\x07"}}, "@桥 /why SO-1042"),
        ({"text": None, "content": " 你好"}, "你好"),
        ({"text": None, "content": {"richText": [{"text": "a"}, {"type": "picture"}, {"text": "b"}]}}, "a\nb"),
        ({"text": None, "content": {"recognition": "钉钉"}}, "钉钉"),
        ({"text": None, "content": {"downloadCode": "x"}}, ""),
    ],
)
def test_words_are_read_out_of_every_form(content: dict[str, object], text: str) -> None:
    received = doors().receive(said(json.dumps(SAID | content).encode()))
    assert [words.text for words in received.words] == [text]


def test_an_outsider_writes_without_a_user_id() -> None:
    body = json.dumps(SAID | {"senderStaffId": None, "senderUnionId": "u-1"}).encode()
    (words,) = doors().receive(said(body)).words
    assert (words.by, words.union) == ("", "u-1")


def test_a_used_up_month_is_told_as_such() -> None:
    body = {key: value for key, value in SAID.items() if key != "text"} | {"errorCode": 20001, "errorMessage": "超量"}
    received = doors().receive(said(json.dumps(body).encode()))
    assert received.words == ()
    assert [change.topic for change in received.changes] == [Topic.QUOTA_SPENT]


def test_what_says_nothing_of_itself_and_what_is_too_large_is_refused() -> None:
    refused(request(json.dumps(EVENT).encode()), Refusal.UNSIGNED, 401)
    refused(request(b"x" * (MOST_BYTES + 1)), Refusal.TOO_LARGE, 413)
    assert Doors().receive(event()).refusal is Refusal.UNSIGNED
    assert doors().refuse(Refusal.OVERLOADED).status == 503
