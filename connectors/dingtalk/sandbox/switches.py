"""The other answers: where the vendor's behaviour is not certain, one switch for each claim."""

from __future__ import annotations

from typing import Literal

import msgspec

from connectors.sandbox.switches import Claims


class Switches(msgspec.Struct, forbid_unknown_fields=True):
    """The answers in force. The defaults are what the vendor's pages say, or the stricter reading of them."""

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
}
