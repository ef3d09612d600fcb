"""Zoho CRM as a source: what changed in an org, and decisions carried back into it."""

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
    Subscribes,
)
from connectors.zoho.settings import ZohoSettings

_SITE = "https://www.zoho.com/crm/developer/docs/api/v8/"
_READS = "ZohoCRM.coql.READ, ZohoCRM.modules.READ, ZohoCRM.settings.fields.READ, ZohoCRM.users.READ"


def build(name: str, settings: ZohoSettings, services: Services) -> object:
    """Make the client of one source. Nothing is sent before its first call."""
    from connectors.zoho.client import Client  # noqa: PLC0415 - only a source of this vendor needs it

    return Client(name, settings, services)


CONNECTOR = Connector(
    name="zoho",
    title="Zoho CRM",
    settings=ZohoSettings,
    build=build,
    fulfils=frozenset({Pulls, Limited, Reads, Lists, Receives, Subscribes, Acts, Authorises, Probes, Describes}),
    grants=(
        "Make a user for the bridge alone, with a profile that has View on each module and each field that is read.",
        "Share the records with this user by its role or by sharing rules: what is not shared is not found.",
        "In the API console of the account's own data centre make a server-based application, and note its id and secret.",
        f"Make a refresh token as this user with the scopes {_READS}.",
        "For pushes add ZohoCRM.notifications.ALL to the scopes.",
        f"For decisions each person makes a refresh token of their own with {_READS} and ZohoCRM.modules.UPDATE.",
    ),
    capabilities=(
        Capability(
            "changes",
            Guarantee.PARTLY,
            "Every state that a round of polling, or the reading after a push, sees. Of several changes between two "
            "readings only the last is seen; a row that appears later than overlap + settle after its stamp is found by "
            "the comparison of versions.",
            _SITE + "COQL-Overview.html",
        ),
        Capability(
            "changes of formula and roll-up fields",
            Guarantee.NO,
            "A computed value does not touch the record's stamp; it is read with the record's next change.",
            _SITE + "field-meta.html",
        ),
        Capability(
            "deletions",
            Guarantee.PARTLY,
            "At once by a push; else within ten minutes and a round, from the vendor's list of deleted records. It does "
            "not name who deleted what is gone for good. A restored record is found by its next change.",
            _SITE + "get-deleted-records.html",
        ),
        Capability(
            "pushes",
            Guarantee.PARTLY,
            "The vendor ends a channel after a week at most, documents no second try, and does not sign: a push is "
            "believed by its token alone, and only as a hint to read again.",
            _SITE + "notifications/overview.html",
        ),
        Capability(
            "who changed it",
            Guarantee.PARTLY,
            "The last user who changed it; automation runs under a user's name.",
            _SITE + "get-records.html",
        ),
        Capability(
            "read by id",
            Guarantee.PARTLY,
            "What is deleted and what the integration user may not see look the same.",
            _SITE + "get-records.html",
        ),
        Capability(
            "list of versions",
            Guarantee.PARTLY,
            "Id and stamp of the last state of each living record.",
            _SITE + "COQL-Overview.html",
        ),
        Capability(
            "hidden fields",
            Guarantee.PARTLY,
            "A field that the integration user may not see is marked as hidden; so is a name that does not exist.",
            _SITE + "field-meta.html",
        ),
        Capability(
            "currency of amounts",
            Guarantee.PARTLY,
            "In an org with several currencies. In an org with one, rows do not name it and amounts stay bare numbers.",
            _SITE + "field-meta.html",
        ),
        Capability(
            "time resolution",
            Guarantee.PARTLY,
            "Stamps have whole seconds; two states within one second are told apart by their fields only, and a "
            "conditional update does not notice a change in the second of the version that a person saw.",
            _SITE + "update-specific-record.html",
        ),
        Capability(
            "conditional update",
            Guarantee.YES,
            "If-Unmodified-Since: a record that has changed since is not written.",
            _SITE + "update-specific-record.html",
        ),
        Capability(
            "approval",
            Guarantee.PARTLY,
            "There is no call that approves. A Blueprint transition does it, as the person: the vendor refuses one that "
            "is not theirs or no longer due. It takes no version: the record is read just before.",
            _SITE + "update-blueprint.html",
        ),
        Capability(
            "may somebody do it",
            Guarantee.PARTLY,
            "Asked as the person, with their own refresh token; without one only by the profile's field permissions.",
            _SITE + "get-blueprint.html",
        ),
        Capability(
            "remaining quota",
            Guarantee.PARTLY,
            "The credits left stand in answers once half of them are used. A refusal names neither which limit it was "
            "nor when it ends.",
            _SITE + "api-limits.html",
        ),
    ),
)
