"""What a source that lists its versions promises."""

from __future__ import annotations

from datetime import UTC, datetime

from connectors.contract import Lists, Pulls
from tests.contract.case import ConnectorCase

BEGINNING, END = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def check_what_was_pulled_is_listed_with_its_version(case: ConnectorCase) -> None:
    assert case.source is not None
    with case.source() as client:
        assert isinstance(client, Pulls)
        assert isinstance(client, Lists)
        for kind in case.kinds:
            page = client.pull(kind, None)
            pulled = {(record.id, record.version) for record in page.records if not record.deleted}
            listed = list(client.versions(kind, BEGINNING, END))
            assert pulled
            assert pulled <= set(listed)
            assert len(listed) == len(set(listed))


def check_a_stretch_of_time_is_listed_once(case: ConnectorCase) -> None:
    """Days are compared one by one: what is stamped at a border belongs to the later one alone."""
    assert case.source is not None
    with case.source() as client:
        assert isinstance(client, Pulls)
        assert isinstance(client, Lists)
        for kind in case.kinds:
            border = client.pull(kind, None).records[0].stamp
            before, after = (set(client.versions(kind, *span)) for span in ((BEGINNING, border), (border, END)))
            assert before.isdisjoint(after)
            assert before | after == set(client.versions(kind, BEGINNING, END))
            assert list(client.versions(kind, END, END)) == []


CHECKS = (check_what_was_pulled_is_listed_with_its_version, check_a_stretch_of_time_is_listed_once)
