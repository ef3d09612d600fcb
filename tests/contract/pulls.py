"""What a source that is asked promises."""

from __future__ import annotations

import json

from connectors.contract import Page, Pulls
from tests.contract.case import ConnectorCase
from tests.contract.common import assert_record

MOST_PAGES = 1000


def check_pulls_end_and_resume(case: ConnectorCase) -> None:
    assert case.source is not None
    assert case.kinds
    with case.source() as client:
        assert isinstance(client, Pulls)
        for kind in case.kinds:
            pages = until_done(client, kind, None)
            assert any(page.records for page in pages), f"the source has no {kind}"
            until_done(client, kind, pages[-1].cursor)


def check_a_page_can_be_pulled_again(case: ConnectorCase) -> None:
    """The cursor is stored with the records: a crash in between pulls the same page again."""
    assert case.source is not None
    with case.source() as client:
        assert isinstance(client, Pulls)
        for kind in case.kinds:
            keys = [{(record.id, record.version) for record in client.pull(kind, None).records} for _time in range(2)]
            assert keys[0] == keys[1]


CHECKS = (check_pulls_end_and_resume, check_a_page_can_be_pulled_again)


def until_done(client: Pulls, kind: str, cursor: str | None) -> list[Page]:
    """Return the pages of one round."""
    pages: list[Page] = []
    while not pages or pages[-1].more:
        assert len(pages) < MOST_PAGES, "the pull does not end"
        page = client.pull(kind, cursor)
        assert type(page.cursor) is str
        # surrogates pass json.dumps as escapes and fail at the database
        assert json.loads(json.dumps(page.cursor)).encode().decode() == page.cursor
        assert not page.more or page.cursor != cursor, "there is more, and the cursor stands still"
        for record in page.records:
            assert_record(record, record.source)
            assert record.kind == kind
        pages.append(page)
        cursor = page.cursor
    return pages
