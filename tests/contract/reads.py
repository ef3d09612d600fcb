"""What a source whose records can be read by id promises."""

from __future__ import annotations

from connectors.contract import Pulls, Reads
from tests.contract.case import ConnectorCase
from tests.contract.common import assert_record, whole

SOME = 5


def check_what_was_pulled_can_be_read(case: ConnectorCase) -> None:
    assert case.source is not None
    with case.source() as client:
        assert isinstance(client, Pulls)
        assert isinstance(client, Reads)
        for kind in case.kinds:
            pulled = {record.id: record.version for record in client.pull(kind, None).records if not record.deleted}
            some = list(pulled)[:SOME]
            assert some, f"the source has no {kind}"
            found = whole(client.read(kind, some))
            assert {record.id: record.version for record in found} == {each: pulled[each] for each in some}
            for record in found:
                assert_record(record, record.source)
                assert not record.deleted


def check_what_is_gone_is_read_as_deleted(case: ConnectorCase) -> None:
    """What was announced is read again until it shows: what is gone would be asked for in vain."""
    assert case.source is not None
    with case.source() as client:
        assert isinstance(client, Pulls)
        assert isinstance(client, Reads)
        for kind in case.kinds:
            gone = {record.id for record in client.pull(kind, None).records if record.deleted}
            found = whole(client.read(kind, sorted(gone)))
            assert {record.id for record in found if record.deleted} == gone


def check_reading_nothing_finds_nothing(case: ConnectorCase) -> None:
    assert case.source is not None
    with case.source() as client:
        assert isinstance(client, Reads)
        for kind in case.kinds:
            assert list(client.read(kind, [])) == []


CHECKS = (
    check_what_was_pulled_can_be_read,
    check_what_is_gone_is_read_as_deleted,
    check_reading_nothing_finds_nothing,
)
