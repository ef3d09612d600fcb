"""Drafts that show everything a message can hold, for the golden files."""

from __future__ import annotations

from connectors.contract import Draft, Fact, Format, Line

ORDER = Fact(
    title="Order released",
    number="SO-1042",
    url="https://crm.example.com/orders/SO-1042",
    at="2026-03-02 10:32",
    lines=(
        Line("Amount", "HKD 1,200,000.00", "HKD 950,000.00"),
        Line("Quantity", "100 pcs"),
        Line("客户", "香港贸易有限公司"),
        Line("Ship to", "12 Harbour Rd\nWan Chai\nHong Kong"),
    ),
    notes=("One field was withheld: not everybody here may see it.",),
)
HOSTILE = Fact(
    title="# Pay *now* [here](https://evil.example)",
    number="#1042",
    url="https://crm.example.com/o (1)/a b?x=1&y=[2]*@3",
    lines=(
        Line("1. label", "- not a list\n1. nor this\n> nor a quote\n# nor a heading\n---\n| a | b |\n    code"),
        Line("Mention", "@13800138000 @all @所有人 a@13800138000 anna@example.com", "@manager01"),
        Line("Marks", "_a_ SO_1042_7 `b` ~~c~~ 2*3*4 \\* <font color=red>d</font> <https://x.example> &amp; a & b"),
        Line("Links", "![x](y) [x]: y [x][y] [x]"),
        Line("Hidden", "a\x00b\x1bc\u202etxt.exe\u202c \u2066d\u2069 e\u2028f\ttab\r\ng"),
    ),
    notes=("# heading\n- list", "> quote"),
)
PLAIN = Fact(title="", number="42", url="javascript:alert(1)", lines=(Line("", "1. only a value"),))

DRAFTS = {
    "one_fact": Draft(preview="Order SO-1042 released", facts=(ORDER,), mentions=("manager01",), open_label="Open"),
    "hostile_data": Draft(preview="# *Pay* @13800138000", facts=(HOSTILE,), open_label="Open [it](x)"),
    "several_facts": Draft(preview="Orders *today*", facts=(ORDER, HOSTILE, PLAIN), open_label="打开"),
    "action_card": Draft(
        preview="Order SO-1042 released", facts=(ORDER,), format=Format.ACTION_CARD, open_label="Open", mentions=("u1",)
    ),
    "action_card_several": Draft(
        preview="Two orders", facts=(ORDER, PLAIN), format=Format.ACTION_CARD, open_label="Open"
    ),
    "action_card_without_link": Draft(preview="An order", facts=(PLAIN,), format=Format.ACTION_CARD),
    "text": Draft(
        preview="Orders", facts=(ORDER, HOSTILE), format=Format.TEXT, mentions=("u1", "u2"), open_label="Open"
    ),
    "nothing_but_a_preview": Draft(preview="# All quiet\nsince 08:00", facts=()),
}
