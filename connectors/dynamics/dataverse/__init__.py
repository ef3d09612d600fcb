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
_TRACKING = _SITE + "use-change-tracking-synchronize-data-external-systems"
_QUERY = _SITE + "webapi/query/overview"


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
        "In Microsoft Entra register an app for the bridge alone, with a client secret or a certificate: no API permission.",
        (
            "In the Power Platform admin center add it to the environment as an application user (Settings, Users + "
            "permissions, Application users)."
        ),
        (
            "Make a security role with Read at the level of the organization on each table that is read, on Currency, Organization and "
            "User and, where quantities are read, on Unit; give it to the application user directly."
        ),
        "Switch on Track changes for each table that is read: it cannot be switched off again.",
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
            Guarantee.YES,
            "By the delta link of a table with change tracking; of several changes between two readings only the last "
            "is seen. Without change tracking a row that appears later than overlap + settle after its stamp is found "
            "by the comparison of versions alone.",
            _TRACKING,
        ),
        Capability(
            "changes of calculated columns",
            Guarantee.NO,
            "A value that is computed when it is read does not touch the row; it is read with the row's next change.",
            _SITE + "calculated-rollup-attributes",
        ),
        Capability(
            "deletions",
            Guarantee.PARTLY,
            "With change tracking, by the delta link, which does not tell who deleted nor when; what was deleted while "
            "the link had lapsed, by the list of ids after it. Without change tracking not at all.",
            _TRACKING,
        ),
        Capability(
            "lapsed delta links",
            Guarantee.YES,
            "What changed meanwhile is read at once by its stamp; the table's ids tell what is gone, and end with a new link.",
            _TRACKING,
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
            Guarantee.PARTLY,
            "The last user who changed it; automation runs under a user's name.",
            _QUERY,
        ),
        Capability(
            "read by id",
            Guarantee.PARTLY,
            "What is deleted and what the application user may not see look the same.",
            _QUERY,
        ),
        Capability(
            "list of versions",
            Guarantee.PARTLY,
            "Id and tag of the last state of each living row, by its stamp.",
            _QUERY,
        ),
        Capability(
            "hidden fields",
            Guarantee.PARTLY,
            "A secured column that comes empty counts as hidden: the vendor does not tell whether it is empty. One that is "
            "secured anew may come as empty for a minute, until the table is described again.",
            _SITE + "column-level-security",
        ),
        Capability(
            "currency of amounts",
            Guarantee.YES,
            "The ISO code of the row's own currency, of a base amount the organization's.",
            _SITE + "transaction-currency-currency-entity",
        ),
        Capability(
            "unit of quantities",
            Guarantee.YES,
            "The name of the row's own unit, and the amount in the base unit by the unit group's factors.",
            "https://learn.microsoft.com/dynamics365/sales/create-unit-group-add-units-that-group",
        ),
        Capability(
            "time resolution",
            Guarantee.PARTLY,
            "Stamps have whole seconds; states within one second are told apart by their tags.",
            _SITE + "behavior-format-date-time-attribute",
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
            "The vendor counts for each user on each of its servers and tells what is left on the one that answered.",
            _SITE + "api-limits",
        ),
    ),
)
