"""DingtalkChatbot and apprise, by which many write to custom robots.

See https://github.com/zhuifengshen/DingtalkChatbot and https://github.com/caronc/apprise .
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients.python import Scripts
from tests.connectors.dingtalk.sandbox.served import TOKEN, Client

pytestmark = [pytest.mark.clients, pytest.mark.timeout(400)]

SCRIPT = "webhooks.py"
GROUP = "cid-management"
SECRET = f"SEC{'5e' * 32}"
SIGNED = "a" * 64


@pytest.fixture
def webhook(twin: Client) -> str:
    return f"{twin.base}/robot/send?access_token={TOKEN}"


@pytest.fixture
def signed(twin: Client) -> str:
    """The address of a robot that wants signatures."""
    twin.robot(id="signed", token=SIGNED, secret=SECRET)
    return f"{twin.base}/robot/send?access_token={SIGNED}"


def _arrivals(twin: Client, robot: str) -> list[tuple[str, int]]:
    rows: list[dict[str, Any]] = twin.control(f"arrivals?robot={robot}")["arrivals"]
    return [(row["outcome"], row["errcode"]) for row in rows]


class TestChatbot:
    def test_a_signed_text_mentions_somebody(self, scripts: Scripts, twin: Client, signed: str) -> None:
        given = {"msg": "SO-1042 released", "at_mobiles": ["13800000001"]}
        assert scripts.run(SCRIPT, "send", webhook=signed, kind="text", given=given, secret=SECRET) == {
            "errcode": 0,
            "errmsg": "ok",
        }
        row = twin.control("messages")["messages"][-1]
        assert (row["robot"], row["text"]) == ("signed", "SO-1042 released\n@13800000001")
        assert row["mentions"] == {"all": False, "users": ["u-amy"]}

    def test_signed_markdown(self, scripts: Scripts, twin: Client, signed: str) -> None:
        given = {"title": "SO-1042", "text": "**released** by Amy"}
        told = scripts.run(SCRIPT, "send", webhook=signed, kind="markdown", given=given, secret=SECRET)
        row = twin.control("messages")["messages"][-1]
        assert (told["errcode"], row["msgtype"], row["title"], row["text"]) == (
            0,
            "markdown",
            "SO-1042",
            "**released** by Amy",
        )

    def test_buttons(self, scripts: Scripts, twin: Client, webhook: str) -> None:
        buttons = {"Open": "https://erp.example/1", "All": "https://erp.example/"}
        told = scripts.run(SCRIPT, "send_buttons", webhook=webhook, title="SO-1042", text="Release?", buttons=buttons)
        row = twin.control("messages")["messages"][-1]
        assert (told["errcode"], row["msgtype"]) == (0, "actionCard")
        assert [one["title"] for one in row["buttons"]] == ["Open", "All"]

    @pytest.mark.parametrize(
        ("wording", "says"), [("documented", "sign not match"), ("described", "机器人发送签名不匹配")]
    )
    def test_a_wrong_secret_is_told_in_both_wordings(
        self, scripts: Scripts, twin: Client, signed: str, wording: str, says: str
    ) -> None:
        twin.switch(wording=wording)
        given = {"msg": "x"}
        told = scripts.run(SCRIPT, "send", webhook=signed, kind="text", given=given, secret="SECwrong")
        assert told["errcode"] == 310000
        assert says in told["errmsg"]
        assert (twin.texts(), _arrivals(twin, "signed")) == ([], [("refused", 310000)])

    def test_the_21st_message_of_a_minute_is_refused(self, scripts: Scripts, twin: Client, webhook: str) -> None:
        codes = scripts.run(SCRIPT, "send_many", webhook=webhook, count=22)
        assert codes == [0] * 20 + [130101] * 2
        assert len(twin.texts()) == 20

    @pytest.mark.parametrize(("form", "errcode"), [("html", 500), ("errcode", 130101), ("json", None)])
    def test_a_blocked_address(
        self, scripts: Scripts, twin: Client, webhook: str, form: str, errcode: int | None
    ) -> None:
        twin.control("throttle", {"form": form})
        told = scripts.run(SCRIPT, "send", webhook=webhook, kind="text", given={"msg": "x"})
        assert told.get("errcode") == errcode
        assert (told.get("punish"), twin.texts()) == (None if form == "html" else "deny", [])


class TestApprise:
    """It looks at the HTTP status alone, which is 200 whatever becomes of a message."""

    def test_a_text_and_markdown_arrive(self, named: Scripts, twin: Client) -> None:
        assert named.run(SCRIPT, "notify", url=f"dingtalk://{TOKEN}/", body="released", title="SO-1042") is True
        url = f"dingtalk://{TOKEN}/?format=markdown"
        assert named.run(SCRIPT, "notify", url=url, body="**released**", title="SO-1042", form="markdown") is True
        rows = twin.control("messages")["messages"]
        assert [(row["msgtype"], row["text"]) for row in rows] == [
            ("text", "SO-1042\r\nreleased"),
            ("markdown", "# SO-1042\n**released**"),
        ]
        hosts = {one["headers"]["host"] for one in twin.control("received?path=robot")["received"]}
        assert hosts == {"oapi.dingtalk.com"}

    @pytest.mark.parametrize("errcode", [130101, 310000, 400102, -1])
    def test_a_message_that_was_refused_counts_as_sent(self, named: Scripts, twin: Client, errcode: int) -> None:
        twin.control("fail", {"errcode": errcode})
        assert named.run(SCRIPT, "notify", url=f"dingtalk://{TOKEN}/", body="lost") is True
        assert (twin.texts(), _arrivals(twin, "plain")) == ([], [("refused", errcode)])

    def test_a_fault_of_http_counts_as_not_sent(self, named: Scripts, twin: Client) -> None:
        twin.control("faults", {"path": "^/robot/send$", "status": 502, "body": "bad gateway"})
        assert named.run(SCRIPT, "notify", url=f"dingtalk://{TOKEN}/", body="lost") is False
        assert twin.texts() == []

    @pytest.mark.parametrize("lenient", [False, True])
    def test_its_signature_is_encoded_twice(self, named: Scripts, twin: Client, signed: str, lenient: bool) -> None:
        twin.switch(double_encoded_sign=lenient)
        assert signed.endswith(SIGNED)
        assert named.run(SCRIPT, "notify", url=f"dingtalk://{SECRET}@{SIGNED}/", body="signed") is True
        assert twin.texts() == (["signed"] if lenient else [])
        assert _arrivals(twin, "signed") == ([("shown", 0)] if lenient else [("refused", 310000)])
