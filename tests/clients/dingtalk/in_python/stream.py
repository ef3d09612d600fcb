"""An application written with the vendor's SDK, as its README shows; it tells each thing that happens as a line of JSON."""

from __future__ import annotations

import json
import sys
from typing import Any

import dingtalk_stream  # type: ignore[import-not-found]  # it lives in an environment of its own

GIVEN: dict[str, str] = json.loads(sys.argv[1])
OK = dingtalk_stream.AckMessage.STATUS_OK


def tell(what: str, **more: Any) -> None:
    sys.stdout.write(json.dumps({"what": what, **more}) + "\n")
    sys.stdout.flush()


class Events(dingtalk_stream.EventHandler):  # type: ignore[misc]  # the SDK has no types
    async def process(self, event: Any) -> tuple[int, str]:
        tell("event", type=event.headers.event_type, id=event.headers.event_id, data=event.data)
        return OK, "OK"


class Words(dingtalk_stream.ChatbotHandler):  # type: ignore[misc]  # the SDK has no types
    async def process(self, callback: Any) -> tuple[int, str]:
        incoming = dingtalk_stream.ChatbotMessage.from_dict(callback.data)
        if incoming.message_type == "picture":
            tell("picture", url=self.get_image_download_url(incoming.get_image_list()[0]))
            return OK, "OK"
        words = incoming.text.content.strip()
        tell("words", text=words, sender=incoming.sender_staff_id, group=incoming.conversation_id)
        self.reply_text(f"heard: {words}", incoming)
        if words == "card":
            replier = dingtalk_stream.CardReplier(self.dingtalk_client, incoming)
            data = {"title": "SO-1042", "body": "Release?", "state": "pending", "may_decide": "true"}
            tell("card", id=replier.create_and_send_card(GIVEN["template"], data))
        if words == "button":
            shown = self.reply_markdown_button(incoming, "**ready**", [{"text": "Open", "url": "https://erp.example"}])
            shown.update("**done**", [])
            tell("card", id=shown.card_instance_id)
        return OK, "OK"


class Clicks(dingtalk_stream.CallbackHandler):  # type: ignore[misc]  # the SDK has no types
    async def process(self, callback: Any) -> tuple[int, Any]:
        click = dingtalk_stream.CardCallbackMessage.from_dict(callback.data)
        tell("click", card=click.card_instance_id, user=click.user_id, content=click.content)
        return OK, {
            "cardUpdateOptions": {"updateCardDataByKey": True},
            "cardData": {"cardParamMap": {"state": "working"}},
        }


def main() -> None:
    credential = dingtalk_stream.Credential(GIVEN["client_id"], GIVEN["client_secret"])
    client = dingtalk_stream.DingTalkStreamClient(credential)
    client.register_all_event_handler(Events())
    client.register_callback_handler(dingtalk_stream.ChatbotMessage.TOPIC, Words())
    client.register_callback_handler(Clicks.TOPIC_CARD_CALLBACK, Clicks())
    client.start_forever()


if __name__ == "__main__":
    main()
