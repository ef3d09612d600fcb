"""UserRecordAccess: what a user may do with certain records, computed for each query.

See https://developer.salesforce.com/docs/platform/object-reference/guide/sforce-api-objects-userrecordaccess.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.salesforce.sandbox import ids
from connectors.salesforce.sandbox.access import Access, Level
from connectors.salesforce.sandbox.errors import ApiError
from connectors.salesforce.sandbox.soql.syntax import Among, Compare, Condition, Group, Literal
from connectors.salesforce.sandbox.store import Row, Store

MOST_RECORDS = 200


def rows(store: Store, access: Access, where: Condition | None) -> Sequence[Row]:
    """Return one row for each record that the conditions name.

    Raises `ApiError` 400 `MALFORMED_QUERY` when they do not name one user and at most 200 records.
    """
    named = dict(_named(where))
    users, records = named.get("userid", []), named.get("recordid", [])
    # A-SALESFORCE-69: the limits are documented, these messages are not
    if len(users) != 1 or not records:
        raise ApiError(400, "MALFORMED_QUERY", "UserRecordAccess needs a filter on one UserId and on RecordId")
    if len(records) > MOST_RECORDS:
        raise ApiError(400, "MALFORMED_QUERY", f"UserRecordAccess allows a filter on at most {MOST_RECORDS} RecordIds")
    return [_row(store, access, users[0], record) for record in dict.fromkeys(records)]


def _named(where: Condition | None) -> Iterator[tuple[str, list[str]]]:
    """Return the ids that each field is set equal to, where all conditions must hold."""
    match where:
        case Group(True, conditions):
            for condition in conditions:
                yield from _named(condition)
        case Compare(path, "=", literal):
            yield path.parts[-1].casefold(), _ids([literal])
        case Among(path, literals, False):
            yield path.parts[-1].casefold(), _ids(literals)


def _ids(literals: Sequence[Literal]) -> list[str]:
    return [full for literal in literals if (full := ids.canonical(str(literal.value)))]


def _row(store: Store, access: Access, user_id: str, record_id: str) -> Row:
    found = store.find_any(record_id)
    there = found is not None and found[1].deleted_at is None
    level = access.level(user_id, found[0], record_id) if found and there else Level.NONE
    has = {
        f"Has{name}Access": level.allows(needed)
        for name, needed in (
            ("Read", Level.READ),
            ("Edit", Level.EDIT),
            ("Delete", Level.DELETE),
            ("Transfer", Level.TRANSFER),
            ("All", Level.ALL),
        )
    }
    values = {"Id": record_id, "UserId": user_id, "RecordId": record_id, "MaxAccessLevel": level.value, **has}
    return Row(record_id, values)
