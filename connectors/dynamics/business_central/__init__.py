"""Business Central as a source: what changed in a company, and decisions carried back into it."""

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
from connectors.dynamics.business_central.settings import BusinessCentralSettings

_SITE = "https://learn.microsoft.com/dynamics365/business-central/dev-itpro/"
_API = _SITE + "api-reference/v2.0/"


def build(name: str, settings: BusinessCentralSettings, services: Services) -> object:
    """Make the client of one source. Nothing is sent before its first call."""
    from connectors.dynamics.business_central.client import (  # noqa: PLC0415 - only a source of this vendor needs it
        Client,
    )

    return Client(name, settings, services)


CONNECTOR = Connector(
    name="business_central",
    title="Dynamics 365 Business Central",
    settings=BusinessCentralSettings,
    build=build,
    fulfils=frozenset({Pulls, Limited, Reads, Lists, Receives, Subscribes, Acts, Authorises, Probes, Describes}),
    grants=(
        "Register an application in the Microsoft Entra tenant, give it a client secret, and note its client id.",
        "Add the application permission API.ReadWrite.All of Business Central, and grant admin consent.",
        "Make a permission set in Business Central: Read on the tables, Execute on the API pages that are read.",
        "Enter the client id in the page Microsoft Entra applications, enable it, and assign this permission set.",
        "For notifications add all rights on the tables API Webhook Subscription and API Webhook Notification.",
        "For decisions add the delegated permission user_impersonation; each person who decides signs in once.",
    ),
    capabilities=(
        Capability(
            "changes",
            Guarantee.PARTLY,
            "Every state that a round of polling, or the reading after a notification, sees. Of several changes "
            "between two readings only the last is seen; a row that appears later than overlap + settle after its "
            "stamp is found by the comparison of versions.",
            _API + "dynamics-rate-limits",
        ),
        Capability(
            "changes of computed fields",
            Guarantee.PARTLY,
            "Inventory, balances and other sums do not touch the record's stamp: a kind that is read as a snapshot "
            "finds them, as often as it is set to.",
            _API + "resources/dynamics_item",
        ),
        Capability(
            "deletions",
            Guarantee.PARTLY,
            "By a notification, where the entity set has them; else when all ids are listed, each day by default, and "
            "what is known is not among them. The API keeps no list of what was deleted.",
            _API + "dynamics-subscriptions",
        ),
        Capability(
            "pushes",
            Guarantee.PARTLY,
            "Half a minute after the change; for purchase orders, shipments and receipts there are none. Nothing is "
            "signed: a notification is believed by its client state, as a hint to read again. Of more than a thousand "
            "changes none is named: polling finds them. A subscription ends after three days or a refusal; it is "
            "looked for each hour and made anew, and the time between is compared.",
            _API + "dynamics-subscriptions",
        ),
        Capability(
            "who changed it",
            Guarantee.NO,
            "The standard API does not name the user of a change.",
            _API + "resources/dynamics_salesorder",
        ),
        Capability(
            "read by id",
            Guarantee.PARTLY,
            "What is deleted and what the application may not see look the same.",
            _API + "api/dynamics_salesorder_get",
        ),
        Capability(
            "list of versions",
            Guarantee.PARTLY,
            "Id and stamp of the last state of each living record; a snapshot has none.",
            _SITE + "webservices/use-filter-expressions-in-odata-uris",
        ),
        Capability(
            "hidden fields",
            Guarantee.NO,
            "Permissions are of tables, not of fields; a name that the API does not have is marked as hidden.",
            _SITE + "developer/devenv-permissions-on-database-objects",
        ),
        Capability(
            "currency of amounts",
            Guarantee.YES,
            "The document's, or the company's own where it names none. Where neither is told nothing is read.",
            _API + "resources/dynamics_generalledgersetup",
        ),
        Capability(
            "unit of quantities",
            Guarantee.YES,
            "The unit of that line; nothing is converted, because lines do not tell the factor.",
            _API + "resources/dynamics_salesorderline",
        ),
        Capability(
            "time resolution",
            Guarantee.YES,
            "Stamps have milliseconds.",
            _API + "resources/dynamics_salesorder",
        ),
        Capability(
            "conditional update",
            Guarantee.YES,
            "If-Match: a record that has changed since it was read is not written.",
            _API + "api/dynamics_salesorder_update",
        ),
        Capability(
            "approval",
            Guarantee.NO,
            "Requests for approval can be read (approvalEntries, in new versions); the standard API has no call that "
            "approves or rejects. A bound action of a custom API page can be named. It takes no version: the record is "
            "read just before. Where that page has the approval entries, one that is decided is refused.",
            _API + "resources/dynamics_approvalentry",
        ),
        Capability(
            "may somebody do it",
            Guarantee.NO,
            "There is no call for it. What a person sees is asked as that person; whether they may write, only the "
            "write tells; whose approval is due stands in approvalEntries, or in the record of a page of one's own with "
            "`approvals`. Without an account of theirs only that is answered, and only with act_as_integration_user.",
            _API + "resources/dynamics_approvalentry",
        ),
        Capability(
            "remaining quota",
            Guarantee.NO,
            "It is not told. 429 comes without a time to wait.",
            _API + "dynamics-rate-limits",
        ),
        Capability(
            "on-premises",
            Guarantee.NO,
            "Installations of one's own, with Windows sign-in or access keys, are not reached.",
            _API + "endpoints-apis-for-dynamics",
        ),
    ),
)
