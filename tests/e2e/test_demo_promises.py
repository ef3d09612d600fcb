"""What the demo promises of who reads what is looked for in what people can read, and in nothing else."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pipelines.language import say
from pipelines.stages.render import WITHHELD
from tests.e2e.test_demo import COUNTED, SEEN, WRITTEN
from worker.demo.chat import Message
from worker.demo.figures import compare, summary
from worker.demo.play import Counted
from worker.demo.promises import NIGHT, STATUS, promises
from worker.demo.telling import Voice

MORNING = datetime(2026, 11, 22, 19, 27, tzinfo=UTC)
AT = MORNING.timestamp()
AMY, BEN = "single:app:u-amy", "single:app:u-ben"


def fact(title: str, *lines: str) -> str:
    return "  \n".join((f"**{title}** · now", *lines))


def message(conversation: str, *facts: str, at: float = AT) -> Message:
    title = facts[0].removeprefix("**").partition("**")[0] if len(facts) == 1 else f"{len(facts)} updates"
    return Message(conversation, "", title, "\n\n".join(facts), at)


WON = message("cid-sales-hk", fact("Deal won OPP-1042", "Deal: Lotus", f"> {say(WITHHELD, 'en', count=1)}"))
WHOLE = message(AMY, fact("Deal won OPP-1042", "Deal: Lotus", "Discount %: 7.50"))
IN_MANAGEMENT = message("cid-management", fact("Big deal won OPP-1042", "Discount %: 7.50"))
FIRST = message("cid-warehouse", fact("Stock counted 2001", "Inventory: 480 PCS"))
BURST = message("cid-warehouse", *(fact(f"Stock counted {number}") for number in range(2002, 2012)))
ORDERS = message(
    "cid-export", *(fact(f"Order 订单 {number}", f"{STATUS}: {status}") for number, status in NIGHT.items())
)
ASKED = message(BEN, fact("Please confirm order SO-1040"))
ESCALATED = message(AMY, fact("Nobody has confirmed order SO-1040"), at=AT + 4)
DAY = (WON, WHOLE, IN_MANAGEMENT, FIRST, BURST, ORDERS, ESCALATED, ASKED)


def concluded(shown: Sequence[Message]) -> tuple[int, str, dict[str, bool]]:
    """Conclude a day of these messages: the exit code, what was said, and of each promise whether it was kept."""
    read_by = {
        "Amy Wong": [one for one in shown if one.conversation in {"cid-sales-hk", "cid-management", AMY}],
        "Ben Lau": [one for one in shown if one.conversation in {"cid-sales-hk", BEN}],
    }
    promised = promises(read_by, shown, MORNING)
    people, machine = io.StringIO(), io.StringIO()
    figures = compare(COUNTED, WRITTEN, SEEN)
    counted = Counted(figures, promised, summary(COUNTED, figures, promised, 1.0, "http://127.0.0.1:1/"))
    code = counted.conclude(Voice(people), machine)
    result = json.loads(machine.getvalue())
    kept = {name: one["kept"] for name, one in result["promises"].items()}
    assert result["kept"] is all(kept.values())
    return code, people.getvalue(), kept


def test_a_day_that_keeps_its_promises_is_done() -> None:
    code, said, kept = concluded(DAY)
    assert (code, set(kept.values())) == (0, {True}), said
    assert "Not as it should be" not in said


@pytest.mark.parametrize(
    ("shown", "broken", "sentence"),
    [
        ((replace(WON, text=fact("Deal won OPP-1042", "Deal: Lotus")),), "withheld", "shown nothing"),
        (
            (replace(WON, text=WON.text + "  \nDiscount %: 7.50"), WHOLE),
            "split",
            "Ben Lau reads, in sales-hk, Discount %: 7.50",
        ),
        ((replace(WHOLE, conversation=BEN),), "split", "shown Ben Lau reads, one to one, Discount %: 7.50"),
        ((BURST, FIRST, FIRST), "digest", "shown 10 items in a message; 1 item in a message; 1 item in a message"),
        ((replace(ORDERS, at=AT - 0.1),), "quiet", "shown in the quiet hours, in one message: SO-1031 packed"),
        (
            (replace(ORDERS, text=ORDERS.text.replace("packed", "paid")),),
            "quiet",
            "shown after the quiet hours, in one message: SO-1031 paid",
        ),
        ((ORDERS, ORDERS), "quiet", "SO-1033 paid; after the quiet hours"),
        ((ASKED,), "escalation", "shown Ben Lau reads, one to one, Please confirm order SO-1040\n"),
        ((replace(ESCALATED, at=AT - 1), ASKED), "escalation", "shown Amy Wong reads, one to one, Nobody has"),
        ((ASKED, replace(ESCALATED, conversation="cid-management")), "escalation", "Amy Wong reads, in management"),
    ],
)
def test_a_promise_that_is_not_kept_is_named_and_ends_with_1(
    shown: Sequence[Message], broken: str, sentence: str
) -> None:
    about = {"withheld": {WON}, "split": {WON, WHOLE}, "digest": {FIRST, BURST}, "quiet": {ORDERS}}
    others = [one for one in DAY if one not in about.get(broken, {ASKED, ESCALATED})]
    code, said, kept = concluded((*others, *shown))
    assert code == 1
    assert not kept[broken]
    assert f"Not as it should be. {broken}: expected " in said
    assert sentence in said
