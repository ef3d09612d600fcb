"""A sound file becomes a plan; an unsound one becomes the whole list of its mistakes."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from config.bridge import check, load
from config.compile import Bridge
from config.conditions import Fault
from config.cron import parse
from config.problem import ConfigurationInvalid, format_problems
from config.schedule import Schedule, interval
from connectors.contract import Format, Money, Quantity
from pipelines.plan import (
    Attestation,
    Compare,
    Destination,
    FieldMap,
    FieldType,
    Kind,
    Lane,
    Merge,
    Mode,
    Route,
    Threshold,
    WhenUnknown,
)
from pipelines.windows import DayWindow
from tests.config.conftest import GOLDEN, Write

ENVIRON = {"CRM_PASSWORD": "crm-password-1", "CHAT_TOKEN": "chat-token-1"}


def no_fault(_route: Route, _kind: Kind) -> Fault | None:
    return None


def loaded(path: Path, environ: dict[str, str] = ENVIRON) -> Bridge:
    return load(path, environ=environ, find_fault=no_fault)


def sentences(path: Path, environ: dict[str, str] = ENVIRON) -> list[str]:
    return format_problems(check(path, environ=environ, find_fault=no_fault)).splitlines()


def test_a_sound_file_has_no_problems(write: Write) -> None:
    assert sentences(write()) == []


def test_the_plan_holds_what_was_written(write: Write) -> None:
    plan = loaded(write()).plan
    kind = plan.kinds["crm", "Opportunity"]
    fields = {field.name: field for field in kind.fields}
    assert kind.start == datetime(2026, 10, 31, 16, tzinfo=UTC)
    assert fields["amount"] == FieldMap(
        "amount", "Amount", FieldType.MONEY, "amount", "finance", currency_path="CurrencyIsoCode"
    )
    assert fields["next_step"].label == "next step"
    assert fields["stage"].required
    assert fields["qty"].unit == "EA"
    assert plan.routes[0] == Route(
        name="big-won",
        source="crm",
        kind="Opportunity",
        to=("sales-hk",),
        title="Deal won",
        fields=("name", "amount", "stage"),
        when="changed.stage && (big || many || odd)",
        equals={"stage": "Closed Won", "won": "true"},
        thresholds=(
            Threshold("big", "amount", Compare.AT_LEAST, Money(Decimal(1000000), "HKD")),
            Threshold("many", "qty", Compare.ABOVE, Quantity(Decimal(100), "EA")),
            Threshold("odd", "parts", Compare.BELOW, Decimal("12345678901234567.89")),
        ),
        format=Format.ACTION_CARD,
        lane=Lane.URGENT,
        mode=Mode.SHADOW,
        merge=Merge.NEVER,
        mentions=("u1",),
        required=("name",),
    )
    assert plan.routes[1].to == ("ops", "sales-hk")
    assert plan.routes[1].when == "true"
    assert plan.destinations["sales-hk"] == Destination(
        "sales-hk",
        "Asia/Hong_Kong",
        "zh_Hant_HK",
        Attestation("Office manager", date(2026, 11, 1), date(2027, 4, 30), frozenset({"internal"})),
    )


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("mentions: [u1]", WhenUnknown.HOLD),
        ("mentions: [u1]\n    when_unknown: again", WhenUnknown.AGAIN),
    ],
)
def test_what_is_not_public_is_held_when_unknown_unless_the_route_says_else(
    write: Write, said: str, what: WhenUnknown
) -> None:
    first, second, *_ = loaded(write(("mentions: [u1]", said))).plan.routes
    assert (first.when_unknown, second.when_unknown) == (what, WhenUnknown.AGAIN)


TABLE = """          lines:
            path: item
            type: table
            class: internal
            columns:
              product: {path: item, type: ref, required: true}
              amount: {path: amount, type: money, currency_path: currency}
"""


def test_a_table_has_columns_and_its_connector_gets_their_paths(write: Write) -> None:
    bridge = loaded(write(("          closes:", TABLE + "          closes:")))
    fields = {field.name: field for field in bridge.plan.kinds["crm", "Opportunity"].fields}
    columns = (
        FieldMap("product", "item", FieldType.REF, "product", required=True),
        FieldMap("amount", "amount", FieldType.MONEY, "amount", currency_path="currency"),
    )
    assert fields["lines"] == FieldMap("lines", "item", FieldType.TABLE, "lines", "internal", columns=columns)
    paths = bridge.sources["crm"].settings.model_dump()["kinds"]["Opportunity"]["fields"]
    assert {path for path in paths if path.startswith("item")} == {"item.item", "item.amount", "item.currency"}


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (("type: table", "type: text"), "28:13 PATH.lines.columns: only a field of type table has this key"),
        (
            ("type: ref, required", "type: table, required"),
            "29:43 PATH.lines.columns.product.type: a row holds no table",
        ),
        (
            ("currency_path", "unit_path"),
            "30:62 PATH.lines.columns.amount.unit_path: only a field of type quantity has",
        ),
        (("path: amount, ", ""), "30:15 PATH.lines.columns.amount: 'path' is missing here"),
    ],
)
def test_a_table_that_is_none_is_told(write: Write, wrong: tuple[str, str], problem: str) -> None:
    said = sentences(write(("          closes:", TABLE.replace(*wrong) + "          closes:")))
    problem = problem.replace("PATH", "sources.crm.kinds.Opportunity.fields")
    assert [line for line in said if problem in line], said


def test_connectors_get_their_settings_with_the_paths_of_the_mapping(write: Write) -> None:
    bridge = loaded(write())
    settings = bridge.sources["crm"].settings.model_dump()
    assert settings["auth"]["password"] == SecretStr("crm-password-1")
    assert settings["kinds"]["Opportunity"]["number"] == "Deal_Number__c"
    assert settings["kinds"]["Opportunity"]["start"] == datetime(2026, 10, 31, 16, tzinfo=UTC)
    assert settings["kinds"]["Opportunity"]["fields"] == (
        *("Amount", "CloseDate", "CurrencyIsoCode", "Fee", "IsWon", "Name", "NextStep", "Parts", "Qty", "StageName"),
    )
    assert bridge.sources["crm"].connector.name == "asked"
    assert bridge.sources["crm"].kinds == ("Opportunity",)
    assert bridge.sources["shop"].settings.model_dump()["secret"] == SecretStr("shop-secret-1")
    assert bridge.destinations["ops"].settings.model_dump()["headers"] == {"X-Key": SecretStr("chat-token-1")}


def test_a_source_that_can_list_is_compared_each_night_and_another_never(write: Write) -> None:
    bridge = loaded(write())
    night = Schedule(parse("5 2 * * *"), timedelta(minutes=50), zone=ZoneInfo("Asia/Hong_Kong"))
    assert bridge.sources["crm"].reconcile == night
    assert bridge.sources["shop"].reconcile is None
    noon = '{cron: "0 12 * * *", zone: Europe/Paris}'
    other = loaded(write(("    poll: 2m\n", f"    poll: 2m\n    reconcile: {noon}\n")))
    assert other.sources["crm"].reconcile == Schedule(parse("0 12 * * *"), zone=ZoneInfo("Europe/Paris"))
    assert other.plan.fingerprint != bridge.plan.fingerprint


def test_poll_is_a_minute_where_a_source_is_asked_and_nothing_where_it_only_receives(write: Write) -> None:
    assert loaded(write()).sources["crm"].polls == {"Opportunity": interval(timedelta(minutes=2))}
    bridge = loaded(write(("    poll: 2m\n", "")))
    assert bridge.sources["crm"].polls == {"Opportunity": interval(timedelta(seconds=60))}
    assert bridge.sources["shop"].polls == {}


def test_a_kind_may_be_asked_at_times_of_its_own(write: Write) -> None:
    bridge = loaded(write(("      Opportunity:\n", "      Opportunity:\n        poll: 1h\n")))
    assert bridge.sources["crm"].polls == {"Opportunity": interval(timedelta(hours=1))}
    assert bridge.plan.fingerprint != loaded(write()).plan.fingerprint


def test_a_schedule_says_when_a_source_is_asked(write: Write) -> None:
    steps = '{every: 5m, jitter: 30s, blackout: ["22:00-06:00", 12:00-13:00], zone: Asia/Hong_Kong}'
    poll = loaded(write(("poll: 2m", f"poll: {steps}"))).sources["crm"].polls["Opportunity"]
    windows = (DayWindow(22 * 60, 6 * 60), DayWindow(12 * 60, 13 * 60))
    assert poll == Schedule(timedelta(minutes=5), timedelta(seconds=30), windows, ZoneInfo("Asia/Hong_Kong"))
    times = '{cron: "*/15 8-19 * * mon-fri", zone: Asia/Hong_Kong}'
    poll = loaded(write(("poll: 2m", f"poll: {times}"))).sources["crm"].polls["Opportunity"]
    assert poll == Schedule(parse("*/15 8-19 * * mon-fri"), zone=ZoneInfo("Asia/Hong_Kong"))


@pytest.mark.parametrize(
    ("poll", "problem"),
    [
        ("2", "write a duration as a whole number with its unit: 500ms, 90s, 15m, 2h, 1d"),
        ("0s", "must be longer than nothing"),
        ("{jitter: 5s}", "give either every or cron"),
        ("{every: 5m, cron: 0 * * * *, zone: UTC}", "give either every or cron"),
        ("{cron: 0 * * * *}", "say in which zone: add a key such as zone: Asia/Hong_Kong"),
        ("{every: 5m, blackout: 22:00-06:00}", "say in which zone: add a key such as zone: Asia/Hong_Kong"),
        ("{cron: 0 * * *, zone: UTC}", "write five fields: minute, hour, day of the month, month, day of the week"),
        ("{every: 5m, blackout: 22-6, zone: UTC}", "write a window as 22:00-06:00"),
        (
            "{every: 5m, blackout: [06:00-18:00, 18:00-06:00], zone: UTC}",
            "these windows leave no minute of the day",
        ),
        ("{evry: 5m}", "'evry' is no key here: did you mean 'every'?"),
    ],
)
def test_a_schedule_that_is_none_is_told(write: Write, poll: str, problem: str) -> None:
    said = [each.sentence for each in check(write(("poll: 2m", f"poll: {poll}")), environ=ENVIRON, find_fault=no_fault)]
    assert problem in said
    assert len(said) <= 2


def test_retention_is_for_each_class_and_runs_at_night(write: Write) -> None:
    kept = loaded(write()).retention
    assert (kept.payloads, kept.trail) == (timedelta(days=90), timedelta(days=400))
    assert kept.runs == Schedule(parse("15 3 * * *"), timedelta(minutes=30), zone=ZoneInfo("UTC"))
    kept = loaded(write(("version: 1\n", "version: 1\nretention: {payloads: 7d, trail: 7d, runs: 6h}\n"))).retention
    assert (kept.payloads, kept.trail, kept.runs) == (
        timedelta(days=7),
        timedelta(days=7),
        interval(timedelta(hours=6)),
    )
    assert sentences(write(("version: 1\n", "version: 1\nretention: {payloads: 7d, trail: 1d}\n"))) == [
        "bridge.yaml:2:34 retention.trail: must be kept at least as long as payloads"
    ]


def test_all_mistakes_are_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(GOLDEN / "mistakes", tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    problems = check(Path("bridge.yaml"), environ={"CHAT_TOKEN": "chat-token-1"})
    assert format_problems(problems) + "\n" == (GOLDEN / "mistakes.txt").read_text()
    assert list(problems) == sorted(problems)
    assert "hunter2" not in format_problems(problems)


def test_problems_are_plain_data_for_json(write: Write) -> None:
    with pytest.raises(ConfigurationInvalid) as caught:
        loaded(write(("lane: urgent", "lane: fast")))
    assert json.loads(json.dumps([asdict(each) for each in caught.value.problems])) == [
        {
            "file": "bridge.yaml",
            "line": 57,
            "column": 11,
            "key_path": "routes.big-won.lane",
            "sentence": "must be 'approval', 'urgent', 'normal' or 'bulk'",
        }
    ]


@pytest.mark.parametrize(
    ("written", "again"),
    [
        ("    poll: 2m\n", "    poll: 120s\n"),
        ("    locale: zh_HK\n", "    locale: zh_Hant_HK\n"),
        ("classes: [internal, finance]\n", "classes: [finance, internal]\n"),
        ("next_step: {path: NextStep, type: text}", "next_step: {type: text, path: NextStep, label: next step}"),
    ],
)
def test_the_fingerprint_does_not_depend_on_how_it_is_written(write: Write, written: str, again: str) -> None:
    assert loaded(write((written, again))).plan.fingerprint == loaded(write()).plan.fingerprint


@pytest.mark.parametrize(
    ("written", "changed"),
    [
        ("poll: 2m", "poll: 3m"),
        ("title: Deal won", "title: Deal done"),
        ("https://crm.example.com", "https://other.example.com"),
        ("password: env:CRM_PASSWORD", "password: env:CHAT_TOKEN"),
        ("start: 2026-11-01T00:00:00+08:00", "start: 2026-11-02T00:00:00+08:00"),
        ("by: Office manager", "by: Night manager"),
    ],
)
def test_the_fingerprint_changes_with_the_content(write: Write, written: str, changed: str) -> None:
    before = loaded(write()).plan.fingerprint
    assert len(before) == 64
    assert loaded(write((written, changed))).plan.fingerprint != before


def test_the_fingerprint_does_not_know_secrets(write: Write) -> None:
    rotated = {**ENVIRON, "CRM_PASSWORD": "crm-password-2"}
    assert loaded(write(), rotated).plan.fingerprint == loaded(write()).plan.fingerprint


def test_a_thresholds_name_means_one_thing_for_a_kind(write: Write) -> None:
    path = write(
        (
            "  orders:\n",
            """
  small:
    from: crm.Opportunity
    thresholds: {big: {fee: {below: HKD 5}}}
    to: ops
    title: Small
    fields: [fee]
  orders:
""",
        )
    )
    (sentence,) = sentences(path)
    assert sentence == (
        "bridge.yaml:65:18 routes.small.thresholds.big: "
        "'big' means something else at bridge.yaml:50:7: give one of them another name"
    )


def test_a_fault_of_a_condition_stands_at_its_character(write: Write) -> None:
    def second_word(route: Route, kind: Kind) -> Fault | None:
        assert (route.name, kind.kind, len(route.thresholds)) == ("big-won", "Opportunity", 3)
        return Fault("no such word", 5)

    for text, place in (
        ("when: one two", "48:15"),
        ('when: "one two"', "48:16"),
        ("when: |\n      one\n      two", "48:11"),
    ):
        path = write(("when: changed.stage && (big || many || odd)", text))
        assert format_problems(check(path, environ=ENVIRON, find_fault=second_word)) == (
            f"bridge.yaml:{place} routes.big-won.when: no such word"
        )


def test_conditions_are_judged_although_the_route_has_other_mistakes(write: Write) -> None:
    path = write(("title: Deal won", "titel: Deal won"), ("lane: urgent", "lane: fast"))
    found = check(path, environ=ENVIRON, find_fault=lambda _route, _kind: Fault("unsound", 1))
    assert [each.key_path for each in found] == [
        "routes.big-won",
        "routes.big-won.when",
        "routes.big-won.titel",
        "routes.big-won.lane",
    ]


@pytest.mark.parametrize(
    ("written", "changed", "sentence"),
    [
        ("poll: 2m", "poll: 0s", "must be longer than nothing"),
        ("poll: 2m", "reconcile: {cron: 30 3 * * *}", "say in which zone: add a key such as zone: Asia/Hong_Kong"),
        ('won: "true"', "won: yes", "the field is bool: write true or false"),
        ("equals: {stage: Closed Won,", "equals: {closes: 1.11.2026,", "the field is a date: write 2026-11-01"),
        (
            "equals: {stage: Closed Won,",
            "equals: {parts: 3,",
            "'parts' is number: only text, bool, choice, ref and date",
        ),
        ("many: {qty: {above: 100 EA}}", "many: {qty: {above: 100 KG}}", "always in EA: it cannot be compared with KG"),
        ("at_least: HKD 1000000", "at_least: '1,000,000'", "the field is money: write HKD 1000000"),
        ("at_least: HKD 1000000", "at_least: HKD 1e6", "the field is money: write HKD 1000000"),
        ("mentions: [u1]", "mentions: [u1, u1]", "'u1' stands here twice: keep one"),
        ("fields: [number]", "fields: []", "must not be empty"),
        ("start: 2026-11-01T00:00:00+08:00", "start: 2026-11-31T00:00:00+08:00", "day"),
        ("zone: UTC", "zone: ../etc", "there is no time zone '../etc'"),
        ("next_step: {", "while: {", "'while' is a word of the conditions: take another name"),
        ("required: true", "required: yes", "write true or false"),
    ],
)
def test_values_are_read_strictly(write: Write, written: str, changed: str, sentence: str) -> None:
    (said,) = sentences(write((written, changed)))
    assert sentence in said


@pytest.mark.parametrize("text", ["12:30", "no", "0123", "1.10", "1e3", "~", "2026-11-01"])
def test_texts_stay_what_was_written_on_their_way_into_the_plan(write: Write, text: str) -> None:
    path = write(
        ("title: Deal won", f"title: {text}"),
        ("stage: Closed Won", f"stage: {text}"),
        ("label: Deal", f"label: {text}"),
    )
    plan = loaded(path).plan
    assert (plan.routes[0].title, plan.routes[0].equals["stage"]) == (text, text)
    assert plan.kinds["crm", "Opportunity"].fields[0].label == text
