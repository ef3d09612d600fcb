"""The same facts as groups of four languages read them, from the notice to what DingTalk shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.contract import Choice, Draft, Format, Money, Value
from connectors.dingtalk.app.content import shown
from connectors.dingtalk.packing import pack
from pipelines.outgoing import dispatch
from pipelines.plan import OWN, Destination, FieldType
from pipelines.stages.supersede import Waiting
from tests.connectors.dingtalk.scripted import robot
from tests.pipelines.make import deal, field, notice, plan, route

GOLDEN = Path(__file__).parent / "languages"
NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
THEN = datetime(2026, 3, 1, 23, 0, tzinfo=UTC)
ROOM = 900
"""Bytes: a message so small that three facts take two."""

KIND = deal(
    field("stage", FieldType.CHOICE),
    field("amount", FieldType.MONEY, label="金額"),
    field("close", FieldType.DATE, label="Close date"),
    field("margin", FieldType.NUMBER, data_class="finance"),
    field("note"),
)
NAMES = tuple(spec.name for spec in KIND.fields)
FIELDS: Mapping[str, Value] = {
    "stage": Choice("W", "Won"),
    "amount": Money(Decimal("1234567.5"), "HKD"),
    "close": date(2026, 3, 31),
    "margin": Decimal("0.31"),
    "note": "*paid* {who}, see @all",
}
TOLD = notice(
    FIELDS,
    occurred_at=THEN,
    before={"stage": Choice("O", "Open")},
    deleted=True,
    due=datetime(2026, 3, 1, 15, 59, tzinfo=UTC),
)


def drafts(locale: str, *, count: int = 1, form: Format = Format.MARKDOWN) -> list[Draft]:
    group = Destination("sales", "Asia/Hong_Kong", locale)
    of = plan(KIND, route(title="Deal won", fields=NAMES, format=form), groups=(group,))
    waiting = [
        Waiting(n, replace(TOLD, seq=n, record_id=str(n), number=f"D-{n}", deleted=n == 1)) for n in range(1, count + 1)
    ]
    return [message.draft for message in dispatch(of, group, robot(), waiting, 1, NOW).messages]


def told(heading: str, draft: Draft) -> str:
    seen = shown(draft)
    button = f"\n[button] {seen.button}" if seen.button else ""
    return f"===== {heading}\n[preview] {seen.title}\n{seen.text}{button}\n"


def everything(locale: str) -> str:
    (single,) = drafts(locale)
    (card,) = drafts(locale, form=Format.ACTION_CARD)
    (text,) = drafts(locale, form=Format.TEXT)
    (merged,) = drafts(locale, count=3)
    parts = [part for part, _ in pack(merged, ROOM)]
    assert len(parts) == 2
    return "".join(
        told(heading, draft)
        for heading, draft in (
            ("one fact", single),
            ("as a card", card),
            ("as text", text),
            ("three facts", merged),
            *((f"three facts in two messages, {n}", part) for n, part in enumerate(parts, 1)),
        )
    )


@pytest.mark.parametrize("locale", ["en", "zh_Hant_HK", "zh_Hans_CN", "id"])
def test_a_group_reads_its_language(locale: str) -> None:
    assert everything(locale) == (GOLDEN / f"{locale}.md").read_text(encoding="utf-8")


def test_only_the_programs_own_records_have_their_labels_translated() -> None:
    group = Destination("sales", "UTC", "id")
    labels = {}
    for source in ("crm", OWN):
        kind = replace(deal(field("state", label="State")), source=source)
        of = plan(deal(), route(source=source, title="Source", fields=("state",)), groups=(group,))
        of = replace(of, kinds={(source, "Deal"): kind})
        (message,) = dispatch(of, group, robot(), [Waiting(1, notice({"state": "x"}, source=source))], 1, NOW).messages
        (fact,) = message.draft.facts
        labels[source] = (fact.title, fact.lines[0].label)
    assert labels == {"crm": ("Source", "State"), OWN: ("Sumber", "Status")}
