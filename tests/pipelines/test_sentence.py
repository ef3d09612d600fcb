from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.language import Phrase
from pipelines.sentence import Sentence, sentence
from worker.operators.phrases import BOTH, GIVEN_UP, LAPSES, SILENT_SINCE

THEN = datetime(2026, 3, 1, 23, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", "crm has sent nothing since Mar 2, 2026 7:00\u202fAM: "),
        ("zh_Hant_HK", "crm 自 2026年3月2日 上午7:00 起沒有傳來任何資料："),
        ("zh_Hans_CN", "crm 自 2026年3月2日 07:00 起没有传来任何数据："),
        ("id", "crm tidak mengirim apa pun sejak 2 Mar 2026 07.00: "),
    ],
)
def test_times_are_of_the_readers_zone_and_language(locale: str, said: str) -> None:
    assert sentence(SILENT_SINCE, source="crm", since=THEN).said("Asia/Hong_Kong", locale).startswith(said)


def test_a_day_and_a_count_are_written_as_the_language_does() -> None:
    assert "2026年3月1日" in sentence(LAPSES, destination="ops", day=date(2026, 3, 1)).said("UTC", "zh_Hans_CN")
    many = sentence(GIVEN_UP, destination="ops", count=1200)
    assert many.said("UTC", "en").startswith("1,200 messages to ops were")
    assert many.said("UTC", "id").startswith("1.200 pesan ke ops batal")


def test_a_sentence_may_stand_in_another() -> None:
    one = sentence(GIVEN_UP, destination="ops", count=1)
    both = sentence(BOTH, first=one, second=one)
    assert both.said("UTC", "zh_Hant_HK") == "；".join([one.said("UTC", "zh_Hant_HK")] * 2)
    assert Sentence.load(both.dump()) == both


@given(st.text(), st.datetimes(timezones=st.just(UTC)), st.dates(), st.integers(0, 10**9))
def test_a_sentence_is_kept_as_it_was(text: str, moment: datetime, day: date, count: int) -> None:
    made = sentence(Phrase("{a} {b} {c} {count}", "{a} {b} {c} {count}s"), a=text, b=moment, c=day, count=count)
    assert Sentence.load(made.dump()) == made


def test_whoever_does_not_translate_reads_english() -> None:
    choice = sentence(GIVEN_UP, destination="ops", count=2).choice("UTC")
    assert choice.label == "2 messages to ops were given up: dingbridge dead list says why"
    assert Sentence.load(choice.code).said("UTC", "zh_Hans_CN").startswith("已放弃向 ops 发送 2 条消息")
