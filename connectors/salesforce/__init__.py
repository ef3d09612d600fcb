"""Salesforce as a source: what changed in an org, as its integration user sees it."""

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
from connectors.salesforce.settings import SalesforceSettings

_SITE = "https://developer.salesforce.com/docs/"


def build(name: str, settings: SalesforceSettings, services: Services) -> object:
    """Make the client of one source. Nothing is sent before its first call."""
    from connectors.salesforce.client import Client  # noqa: PLC0415 - a check of the configuration does without it
    from connectors.salesforce.wire import Org  # noqa: PLC0415 - same

    return Client(name, settings, services, Org(settings, services))


CONNECTOR = Connector(
    name="salesforce",
    title="Salesforce",
    settings=SalesforceSettings,
    build=build,
    fulfils=frozenset({Lists, Pulls, Reads, Receives, Acts, Authorises, Limited, Probes, Describes}),
    grants=(
        "Make a user for the bridge alone.",
        "Give this user a permission set with API Enabled and Read on each object and each field that is read.",
        "Grant Read on objects that are reached through a relationship as well, such as Account for Account.Name.",
        "Share the records with this user: View All on each object, unless the bridge shall see a part only.",
        "For client credentials: enable the flow in an external client app and name the user as its run-as user.",
        "For JWT: upload the private key's certificate, pre-authorise approved users, assign the permission set.",
        "For a refresh token: scopes api and refresh_token in the app, and one approval by the bridge's user.",
        "For decisions: pre-authorise every person who decides in the app that `acting` names.",
        "For permissions of people: give the bridge's user View Setup and Configuration.",
        "For pushes: an Outbound Message of a flow, with SystemModstamp, without session id, to /hooks/SOURCE?key=KEY.",
    ),
    capabilities=(
        Capability(
            "changes",
            Guarantee.PARTLY,
            "Every state that a round of polling sees, and none is lost of objects whose changes the vendor logs. Of "
            "several changes between two rounds only the last is seen. Of other objects a row that appears later than "
            "overlap + settle after its stamp is not found.",
            _SITE + "platform/api-rest/guide/resources-getupdated.html",
        ),
        Capability(
            "pushes",
            Guarantee.PARTLY,
            "Outbound Messages as hints: the record is read again. The vendor repeats them for a day until the Ack, out "
            "of order and without what lay between; polling goes on beside them.",
            _SITE + "platform/api/guide/sforce-api-om-outboundmessaging-notifications.html",
        ),
        Capability(
            "conditional update",
            Guarantee.PARTLY,
            "With whole seconds: what is there is read before and after. Two writes within the second that a person saw "
            "cannot be told apart.",
            _SITE + "platform/api-rest/guide/intro-rest-conditional-requests.html",
        ),
        Capability(
            "approvals",
            Guarantee.YES,
            "Approve and reject with a comment as the person who decides; decided before, not their turn and refused are "
            "told apart.",
            _SITE + "platform/api-rest/guide/resources-process-approvals-post.html",
        ),
        Capability(
            "what a person may see",
            Guarantee.PARTLY,
            "Record access and field permissions by the org's tables. Restriction rules and View All Fields are not in "
            "them.",
            _SITE + "platform/object-reference/guide/sforce-api-objects-userrecordaccess.html",
        ),
        Capability(
            "changes of formula fields",
            Guarantee.NO,
            "A formula's new value does not touch the record's stamp; it is read with the record's next change.",
            _SITE + "platform/api-rest/guide/resources-getupdated.html",
        ),
        Capability(
            "deletions",
            Guarantee.PARTLY,
            "At the next round while the record is in the recycle bin; what was purged or merged away within ten minutes "
            "more, from the vendor's log, which reaches back 15 days at most.",
            _SITE + "platform/api-rest/guide/resources-getdeleted.html",
        ),
        Capability(
            "who changed it",
            Guarantee.PARTLY,
            "The last user who changed it; automation runs under a user's name.",
            _SITE + "platform/object-reference/guide/system-fields.html",
        ),
        Capability(
            "read by id",
            Guarantee.PARTLY,
            "What is deleted and what is no longer shared with the integration user look the same.",
            _SITE + "platform/api-rest/guide/resources-query.html",
        ),
        Capability(
            "list of versions",
            Guarantee.PARTLY,
            "Id and stamp of the last state of each record. States between two changes and what is purged are not "
            "listed.",
            _SITE + "platform/api-rest/guide/resources-queryall.html",
        ),
        Capability(
            "hidden fields",
            Guarantee.PARTLY,
            "A field that the integration user may not see is marked as hidden; so is a name that does not exist.",
            _SITE + "platform/api-rest/guide/resources-sobject-describe.html",
        ),
        Capability(
            "currency of amounts",
            Guarantee.PARTLY,
            "In an org with several currencies. In an org with one, rows do not name it and amounts stay bare numbers.",
            _SITE + "platform/soql-sosl/guide/sforce-api-calls-soql-querying-currency-fields.html",
        ),
        Capability(
            "time resolution",
            Guarantee.PARTLY,
            "Stamps have whole seconds; two states within one second are told apart by their fields only.",
            _SITE + "platform/object-reference/guide/field-types.html",
        ),
        Capability(
            "remaining quota",
            Guarantee.PARTLY,
            "The rolling 24-hour quota of all callers is in every answer, approximately; nothing says when room comes "
            "back. Our own calls are counted by the bridge.",
            _SITE + "platform/api-rest/guide/headers-api-usage.html",
        ),
    ),
)
