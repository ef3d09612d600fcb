"""Dataverse, the database of Dynamics 365 Sales and Service, as a source; and decisions carried back into it."""

from __future__ import annotations

from connectors.contract import (
    Acts,
    Authorises,
    Capability,
    Connector,
    Describes,
    Guarantee,
    Limited,
    Lists,
    Probes,
    Pulls,
    Reads,
    Receives,
    Services,
)
from connectors.dynamics.dataverse.settings import DataverseSettings

_SITE = "https://learn.microsoft.com/power-apps/developer/data-platform/"


def build(name: str, settings: DataverseSettings, services: Services) -> object:
    """Make the client of one source. Nothing is sent before its first call."""
    from connectors.dynamics.dataverse.client import Client  # noqa: PLC0415 - only a source of this vendor needs it

    return Client(name, settings, services)


CONNECTOR = Connector(
    name="dataverse",
    title="Microsoft Dataverse (Dynamics 365)",
    settings=DataverseSettings,
    build=build,
    fulfils=frozenset({Pulls, Limited, Reads, Lists, Receives, Acts, Authorises, Probes, Describes}),
    grants=(
        "In Microsoft Entra register an app for the bridge alone, with a client secret or a certificate.",
        (
            "In the Power Platform admin center add it to the environment as an application user (Settings, Users + "
            "permissions, Application users)."
        ),
        (
            "Make a security role with Read at the level of the organization on each table that is read, on Currency, on "
            "User and, where quantities are read, on Unit; give it to the application user directly."
        ),
        "Switch on Track changes in the advanced options of each table that is read.",
        "For columns that are secured add the application user to a column security profile that lets it read them.",
        (
            "For decisions add Write at the level of the organization on each table that is decided on, and Act on Behalf of "
            "Another User (prvActOnBehalfOfAnotherUser), in a role of the application user's own and not through a team."
        ),
        (
            "For pushes register a webhook with asynchronous steps on Create, Update and Delete of each table, as the README "
            "shows."
        ),
    ),
    capabilities=(
        Capability(
            "changes",
            Guarantee.PARTLY,
            "Every row that has changed since the last round, by the vendor's own change tracking; of several changes of "
            "one row between two rounds only the last is seen.",
            _SITE + "use-change-tracking-synchronize-data-external-systems",
        ),
        Capability(
            "deletions",
            Guarantee.PARTLY,
            "By change tracking; not told for a table that has none, nor while a delta link has lapsed.",
            _SITE + "use-change-tracking-synchronize-data-external-systems",
        ),
        Capability(
            "pushes",
            Guarantee.PARTLY,
            "A webhook is tried twice at most and is not signed: it is believed by its key alone, and only as a hint to "
            "read again. What does not arrive is found by polling.",
            _SITE + "use-webhooks",
        ),
        Capability(
            "who changed it",
            Guarantee.YES,
            "The last user who changed it, and who did so on their behalf.",
            _SITE + "webapi/impersonate-another-user-web-api",
        ),
        Capability(
            "read by id",
            Guarantee.PARTLY,
            "What is deleted and what the application user may not see look the same.",
            _SITE + "webapi/query/overview",
        ),
        Capability(
            "list of versions",
            Guarantee.PARTLY,
            "Id and tag of the last state of each living row.",
            _SITE + "webapi/query/overview",
        ),
        Capability(
            "hidden fields",
            Guarantee.PARTLY,
            "A secured column that the application user may not read arrives empty; an empty one counts as hidden.",
            _SITE + "column-level-security",
        ),
        Capability(
            "currency of amounts",
            Guarantee.YES,
            "Each row names its currency; an amount in the organization's own currency has that one.",
            _SITE + "use-currency-columns",
        ),
        Capability(
            "time resolution",
            Guarantee.PARTLY,
            "Stamps have whole seconds; states within one second are told apart by their tags.",
            _SITE + "webapi/perform-conditional-operations-using-web-api",
        ),
        Capability(
            "conditional update",
            Guarantee.YES,
            "If-Match with the tag of the state that the person saw: a row that has changed since is not written, and one "
            "that is gone is not made anew.",
            _SITE + "webapi/perform-conditional-operations-using-web-api",
        ),
        Capability(
            "approval",
            Guarantee.PARTLY,
            "As an update of status or of a column that the settings name. What the vendor closes by a call of its own "
            "(a won opportunity, a resolved case) is refused.",
            _SITE + "special-update-operation-behavior",
        ),
        Capability(
            "decisions as the person",
            Guarantee.YES,
            "Written on behalf of the person; it needs the person's privilege and the application user's.",
            _SITE + "impersonate-another-user",
        ),
        Capability(
            "may somebody do it",
            Guarantee.PARTLY,
            "The person's rights on the very row, and on each secured column. Rules of plug-ins show in the write alone.",
            _SITE + "security-access-coding",
        ),
        Capability(
            "what somebody sees",
            Guarantee.PARTLY,
            "The person's right to read the very row, and each secured column. The rows of a document are taken as seen "
            "with it; what is shared column by column stays hidden.",
            _SITE + "column-level-security",
        ),
        Capability(
            "remaining quota",
            Guarantee.PARTLY,
            "Answers tell the calls that are left on the server that answered. How much execution time is left shows in "
            "refusals alone, which say how long to wait.",
            _SITE + "api-limits",
        ),
    ),
)
