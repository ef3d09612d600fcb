from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from pipelines.plan import Attestation, Destination
from pipelines.stages.clearance import allowed
from tests.worker.stand_ins import MORNING
from worker.ledger import configurations
from worker.ledger.configurations import Attested
from worker.ledger.engine import Ledger
from worker.live import trial
from worker.verify import Challenge, Said, message, new_code

WORD = Attestation("Office manager", date(2026, 10, 6), date(2027, 4, 4), frozenset({"finance"}))


def test_the_right_code_counts_once() -> None:
    challenge = Challenge("012345", MORNING)
    assert challenge.answer("012346", MORNING) is Said.WRONG
    assert challenge.answer(" 012345 ", MORNING) is Said.RIGHT
    assert challenge.answer("012345", MORNING) is Said.ENDED


def test_three_wrong_codes_end_it() -> None:
    challenge = Challenge("012345", MORNING)
    said = [challenge.answer(typed, MORNING) for typed in ("1", "2", "3", "012345")]
    assert said == [Said.WRONG, Said.WRONG, Said.ENDED, Said.ENDED]


@pytest.mark.parametrize(("minutes", "said"), [(9.9, Said.RIGHT), (10, Said.EXPIRED)])
def test_a_code_lives_ten_minutes(minutes: float, said: Said) -> None:
    assert Challenge("012345", MORNING).answer("012345", MORNING + timedelta(minutes=minutes)) is said


def test_no_code_is_kept() -> None:
    assert "777777" not in repr(vars(Challenge("777777", MORNING)))
    assert len({new_code() for _ in range(50)}) > 40


def test_a_word_given_in_the_group_counts_until_it_lapses() -> None:
    group = Destination("sales", "Asia/Hong_Kong", "en", verified=WORD)
    assert allowed(group, WORD.until).classes == {"public", "finance"}
    assert allowed(group, WORD.until + timedelta(days=1)).classes == {"public"}
    both = replace(group, attestation=replace(WORD, classes=frozenset({"hr"})))
    assert allowed(both, WORD.on).classes == {"public", "finance", "hr"}


def test_the_newest_word_of_a_destination_counts_and_every_process_learns_of_it(ledger: Ledger) -> None:
    with ledger.read() as connection:
        before = configurations.mark(connection)
    configurations.attest(ledger, Attested("sales", WORD))
    configurations.attest(ledger, Attested("board", WORD))
    configurations.attest(ledger, Attested("sales", replace(WORD, classes=frozenset({"hr"}))))
    found = {name: replace(word, at=None) for name, word in configurations.attested(ledger).items()}
    assert found == {"board": WORD, "sales": replace(WORD, classes=frozenset({"hr"}))}
    with ledger.read() as connection:
        assert not configurations.stands(connection, before)


@pytest.mark.parametrize(
    ("locale", "preview", "code", "vouched", "tried"),
    [
        (
            "en",
            "dingbridge: a code",
            "Code: 012345",
            "everybody in this group may see: hr, finance.",
            "this robot works",
        ),
        (
            "zh_Hant_HK",
            "dingbridge：驗證碼",
            "驗證碼：012345",
            "本群組所有成員均可查看：hr, finance。",
            "機械人運作正常",
        ),
        ("zh_Hans_CN", "dingbridge：验证码", "验证码：012345", "本群所有成员均可查看：hr, finance。", "机器人工作正常"),
        (
            "id",
            "dingbridge: kode verifikasi",
            "Kode: 012345",
            "anggota grup ini boleh melihat: hr, finance.",
            "berfungsi",
        ),
    ],
)
def test_a_group_is_asked_and_tried_in_its_language(
    locale: str, preview: str, code: str, vouched: str, tried: str
) -> None:
    asked = message("012345", "Mei {code}", ["hr", "finance"], locale)
    first, second, _ = asked.facts[0].notes
    assert (asked.preview, first) == (preview, code)
    assert "Mei {code}" in second
    assert second.endswith(vouched)
    assert tried in trial(locale).facts[0].notes[0]
