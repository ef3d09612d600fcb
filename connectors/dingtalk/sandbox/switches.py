"""The other answers: where the vendor's behaviour is not certain, one switch for each claim."""

from __future__ import annotations

from typing import Literal

import msgspec

from connectors.sandbox.switches import Claims


class Switches(msgspec.Struct, forbid_unknown_fields=True):
    """The answers of custom robots in force. The defaults are what the vendor's pages say, or the stricter reading of them."""

    wording: Literal["documented", "more", "described"] = "documented"
    double_encoded_sign: bool = False
    throttled_errcode: Literal[130101, 410100] = 130101
    msg_uuid: bool = True
    errcode_as_string: bool = False
    missing_field: Literal[40035, 400402] = 40035
    unknown_token: Literal[400101, 300001, 300005] = 400101
    refused_count: bool = False
    replays_count: bool = True
    block_extends: bool = False
    window: Literal["sliding", "fixed"] = "sliding"
    too_many_mentions: Literal["refuse", "truncate"] = "refuse"
    line_break: Literal["two_spaces", "any"] = "two_spaces"
    backslash_escapes: bool = True
    form_body: bool = False
    image: bool = False
    quota_errcode: Literal[90030, 90020] = 90030
    keyword_in_title: bool = True


class AppSwitches(msgspec.Struct, forbid_unknown_fields=True):
    """The answers to applications in force: everything but the custom robots."""

    invalid_token_status: Literal[400, 401] = 400
    token_refused_by: Literal["errcode", "gateway"] = "errcode"
    expired_token_errcode: Literal[42001, 40014] = 42001
    token_renews: bool = True
    throttled_by: Literal["gateway", "errcode"] = "gateway"
    failures_count: bool = False
    denied_detail: Literal["AccessDeniedDetail", "accessdenieddetail"] = "AccessDeniedDetail"
    unknown_user: Literal[33012, 60121] = 33012
    contacts_as_texts: bool = False
    inner_groups: Literal["refused", "allowed"] = "refused"
    chat_events: Literal["controlled", "all"] = "controlled"
    sent_status: Literal["SUCCESS", "SUCESS"] = "SUCCESS"
    expired_session: Literal[300001, 400002] = 300001
    words_come_again: bool = False
    xml_by_default: bool = True
    stream_greets: bool = False
    redelivered_id: Literal["new", "same"] = "new"
    events_over_quota: Literal["dropped", "empty"] = "dropped"
    signature_name: Literal["msg_signature", "signature"] = "msg_signature"
    failed_list_empties: bool = True
    used_out_track_id: Literal["refused", "ignored"] = "refused"
    private_needs_flag: bool = True
    long_card_values: Literal["refused", "accepted"] = "refused"
    delivered_again: Literal["shown", "once"] = "shown"
    recipients_restrict: bool = True
    space_model_needed: bool = True
    click_field: Literal["content", "value", "both"] = "content"
    answer_seen_by: Literal["clicker", "everybody"] = "clicker"
    approval_success: Literal["text", "truth"] = "text"
    centre_events: bool = False


CLAIMS: Claims = {
    "wording": (
        "A-DINGTALK-1",
        "the text beside a refusal: as documented; with `, more: […]`; or `description:…;solution:…;`",
    ),
    "double_encoded_sign": ("A-DINGTALK-2", "a sign that was URL-encoded twice is accepted too"),
    "throttled_errcode": (
        "A-DINGTALK-3",
        "the code while a robot is blocked after its 21st message; the 21st itself is 130101",
    ),
    "msg_uuid": (
        "A-DINGTALK-4",
        "a repeated msgUuid shows nothing within `msg_uuid_window_s` (a setting; default 600 s)",
    ),
    "errcode_as_string": ("A-DINGTALK-5", 'errcode is "0", as the sample prints it, instead of 0, as its table says'),
    "missing_field": ("A-DINGTALK-6", "the code for a message that lacks a required field"),
    "unknown_token": ("A-DINGTALK-7", "the code for an unknown access_token; the older ones say `token is not exist`"),
    "refused_count": ("A-DINGTALK-8", "messages refused for another reason count towards the limit too"),
    "replays_count": ("A-DINGTALK-9", "a repeated msgUuid counts towards the limit"),
    "block_extends": ("A-DINGTALK-10", "a message that arrives during the block starts the block again"),
    "window": ("A-DINGTALK-11", "the minute: any 60 s, or one that starts with the first message after it ended"),
    "too_many_mentions": ("A-DINGTALK-12", "more than 50 people in `at`: refuse, or mention the first 50"),
    "line_break": ("A-DINGTALK-13", "a line break in markdown needs two spaces before it, or any will do"),
    "backslash_escapes": ("A-DINGTALK-14", "a backslash makes the next character of markdown literal"),
    "form_body": ("A-DINGTALK-15", "a form-encoded body, as in the page's curl sample, is accepted instead of 43004"),
    "image": ("A-DINGTALK-16", "msgtype image with picURL, which no page lists, is accepted"),
    "quota_errcode": ("A-DINGTALK-17", "the code when the month's webhook calls are used up"),
    "keyword_in_title": ("A-DINGTALK-18", "a keyword in the title alone is enough"),
    "invalid_token_status": ("A-DINGTALK-102", "the new host's HTTP status for a token that is wrong or over"),
    "token_refused_by": (
        "A-DINGTALK-103",
        "the old host names a wrong token itself, or its gateway by 88 and sub_code",
    ),
    "expired_token_errcode": ("A-DINGTALK-129", "the old host's code for a token that is over"),
    "token_renews": ("A-DINGTALK-130", "asking again for a token that is valid begins its two hours anew"),
    "throttled_by": ("A-DINGTALK-104", "the old host's gateway refuses by 88 and sub_code 90018, or by errcode 90018"),
    "denied_detail": ("A-DINGTALK-145", "the field of a refusal that names the missing permissions"),
    "failures_count": ("A-DINGTALK-135", "a paid call that the vendor refuses for its content counts for the month"),
    "unknown_user": ("A-DINGTALK-105", "the code for an unknown userid"),
    "contacts_as_texts": ("A-DINGTALK-106", "numbers and booleans of a person are texts, as the sample prints them"),
    "inner_groups": ("A-DINGTALK-107", "the calls under innerGroups, which are in the vendor's SDK alone"),
    "chat_events": ("A-DINGTALK-133", "joins and leaves are told of all groups, or of those that the application made"),
    "sent_status": ("A-DINGTALK-110", "sendStatus of a message that was sent, as in the table or as in the sample"),
    "expired_session": ("A-DINGTALK-117", "the code of a sessionWebhook that is over"),
    "words_come_again": ("A-DINGTALK-116", "a person's words are pushed again when they are not acknowledged"),
    "xml_by_default": (
        "A-DINGTALK-128",
        "opening a Stream connection answers XML unless `Accept` names application/json",
    ),
    "stream_greets": ("A-DINGTALK-132", "a new connection gets the frames CONNECTED and REGISTERED"),
    "redelivered_id": ("A-DINGTALK-115", "an event that comes again has a new messageId or the same one"),
    "events_over_quota": (
        "A-DINGTALK-114",
        "above the month's pushes events do not come, or come with errorCode 20001",
    ),
    "signature_name": ("A-DINGTALK-131", "the name of the signature in the address of an HTTP push"),
    "failed_list_empties": ("A-DINGTALK-113", "failed events leave the list when they were asked for"),
    "used_out_track_id": ("A-DINGTALK-118", "creating a card with an outTrackId that is used"),
    "private_needs_flag": ("A-DINGTALK-119", "private data is kept only for variables that the template flags so"),
    "long_card_values": ("A-DINGTALK-120", "a variable's value above 1 KB"),
    "delivered_again": ("A-DINGTALK-121", "delivering a card to the same space twice shows it twice"),
    "recipients_restrict": ("A-DINGTALK-122", "only `recipients` see a card that was delivered to a group"),
    "space_model_needed": ("A-DINGTALK-123", "a card that was made without the part for a space cannot go there"),
    "click_field": ("A-DINGTALK-124", "the name of the field with a click's action and parameters"),
    "answer_seen_by": ("A-DINGTALK-125", "who sees the public data in the answer to a click"),
    "approval_success": ("A-DINGTALK-126", "`success` of an approval's details is a text or true"),
    "centre_events": ("A-DINGTALK-137", "tickets of the process centre are told by bpms events as approvals are"),
}
