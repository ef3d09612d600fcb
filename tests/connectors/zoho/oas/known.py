"""Where the vendor's OpenAPI folder and its own pages, samples or the field disagree: the twin follows the latter."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tests.connectors.zoho.oas.checker import Deviation


@dataclass(frozen=True, slots=True)
class Known:
    """Deviations with one reason: all but the reason are regular expressions of the whole text."""

    operation: str
    place: str
    rule: str
    reason: str
    message: str = ".*"

    def covers(self, deviation: Deviation) -> bool:
        own = (self.operation, self.place, self.rule, self.message)
        theirs = (deviation.operation, deviation.place, deviation.rule, deviation.message)
        return all(re.fullmatch(pattern, text) for pattern, text in zip(own, theirs, strict=True))


_RECORDS = r"\w+ /crm/v8/\{module_api_name\}(/\{id\}|/upsert|/deleted)?"
_BLUEPRINT = r"\w+ /crm/v8/\{module_api_name\}/\{record_id\}/actions/blueprint"
_WATCH = r"\w+ /crm/v8/actions/watch"
_ANY = r"\w+ .+"

_EMPTY = (
    r"fields\[\]\.(associated_module|crypt|hipaa_compliance|history_tracking|private|tooltip)"
    r"|modules\[\]\.modified_by|roles\[\]\.reporting_to"
)

KNOWN: tuple[Known, ...] = (
    Known(_ANY, r"status\.(401|403|429)", "status", "No file declares the answers of the gate; the status page does."),
    Known(
        r"GET /crm/v8/org", r"answer\.code", "enum",
        "Nor does a file declare INVALID_TOKEN where it declares only the errors of its own writes.",
    ),
    Known(
        f"{_RECORDS}|POST /crm/v8/coql", r"status\.(201|204|207|304|400|412)", "status",
        "record.json and coql.json declare 200 (and 400) alone; the pages of each call name the others.",
    ),
    Known(_BLUEPRINT, r"status\.400", "status", "blueprint.json declares 200 alone; the pages give 400 for each error."),
    Known(
        _RECORDS, r"answer(\.data\[\])?\.code", "enum",
        "record.json lists neither TOO_MANY_REQUESTS nor the codes of page tokens nor ALREADY_MODIFIED; the pages do.",
        "enum: (TOO_MANY_REQUESTS|DISCRETE_PAGINATION_LIMIT_EXCEEDED|ALREADY_MODIFIED)",
    ),
    Known(
        _RECORDS, r"answer(\.data\[\])?\.message", "enum",
        "Nor does it list their messages.",
        "enum: (Too many requests|You can only get the first|Record updated time has|invalid oauth scope).*",
    ),
    Known(
        _RECORDS, r"answer\.data\[\]\.details\.(Modified|Created)_(Time|By)", "undocumented",
        "The details of ALREADY_MODIFIED are those of a success.",
    ),
    Known(
        _RECORDS, r"answer(\.data\[\])?\.details\.maximum_length", "type", "record.json calls this length text; common.json and the pages have a number.",
    ),
    Known(
        _RECORDS, r"answer\.info\.(next_page_token|previous_page_token|page_token_expiry)", "type",
        "The pages print null on the first and the last page.",
    ),
    Known(
        _RECORDS, r"answer\.data\[\]\.(deleted_by|display_name|created_by|duplicate_field)", "type",
        "The pages print null: of what left the recycle bin nothing is known, and an insert has no duplicate field.",
    ),
    Known(
        _ANY, r"answer\.(fields|modules|org|profiles|roles|users)\[\]\..+", "required",
        "The metadata files call every key required, also those that the samples print for some fields alone.",
    ),
    Known(
        _ANY, rf"answer\.({_EMPTY}|users\[\]\.time_zone)", "type",
        "The samples print null for what is not set, and the time zone of a user as text.",
    ),
    Known(
        _ANY, r".+\.(exchange_rate|email|notify_url)", "pattern",
        "These patterns are those of a generator of test data: no real address or rate matches.",
    ),
    Known(
        _WATCH, r"(body|answer)\.watch\[\]\.channel_id", "type",
        "notifications.json calls this long an object; pages and samples have text or a number: A-ZOHO-77.",
    ),
    Known(
        _WATCH, r"answer\.watch\[\]\.details\.events\[\]\.notification_condition", "required",
        "The samples have it only where a condition was given.",
    ),
    Known(
        _BLUEPRINT, r"(body\.blueprint\[\]|answer\.blueprint)\..+", "required",
        "blueprint.json has one shape for reading and writing and calls every key required; the samples have fewer.",
    ),
    Known(
        _BLUEPRINT, r"answer\.blueprint\.(process_info\.escalation|transitions\[\]\.fields\[\]\.profiles)", "type",
        "The pages print null: nothing is late, and the caller may not customise modules.",
    ),
    Known(
        _BLUEPRINT, r"answer\.(code|message)", "enum",
        "blueprint.json does not list what the page says of a mandatory field that is missing.",
        "enum: (MANDATORY_NOT_FOUND|mandatory param missing)",
    ),
    Known(
        _BLUEPRINT, r"answer\.details\.\w+", "required",
        "An error has those of these details that say something.",
    ),
    Known(
        _BLUEPRINT, r"answer\.blueprint\.(process_info\.field_id|transitions\[\]\.id)", "type",
        "blueprint.json calls these ids numbers; the samples print text, as everywhere.",
    ),
)  # fmt: skip


def unknown(deviations: Iterable[Deviation]) -> list[Deviation]:
    return [one for one in deviations if not any(known.covers(one) for known in KNOWN)]
