"""Oracle NetSuite as a source: what changed in an account, and decisions carried back into it."""

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
from connectors.netsuite.settings import NetSuiteSettings

_HELP = "https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/"


def build(name: str, settings: NetSuiteSettings, services: Services) -> object:
    """Make the client of one source. Nothing is sent before its first call."""
    from connectors.netsuite.client import Client  # noqa: PLC0415 - only a source of this vendor needs it

    return Client(name, settings, services)


CONNECTOR = Connector(
    name="netsuite",
    title="Oracle NetSuite",
    settings=NetSuiteSettings,
    build=build,
    fulfils=frozenset({Pulls, Limited, Reads, Lists, Receives, Acts, Authorises, Probes, Describes}),
    grants=(
        "In Setup > Company > Enable Features switch on REST Web Services, OAuth 2.0 and SuiteAnalytics Workbook.",
        (
            "Make a role for the bridge with the permissions REST Web Services (Full), Log in using OAuth 2.0 Access Tokens "
            "(Full), SuiteAnalytics Workbook (Edit), and View on each type of record that is read."
        ),
        "For decisions that the integration writes, give the role Edit on the types of record in question.",
        "Make an employee for the bridge and give it this role.",
        (
            "Make an integration record with Client Credentials (Machine to Machine) Grant and the scope REST Web Services, "
            "and note its client id."
        ),
        (
            "Make a key pair, and map its certificate to the employee, the role and the integration on the page OAuth 2.0 "
            "Client Credentials (M2M) Setup; note the certificate id."
        ),
        "For pushes install the user event script of this connector, with a key that the bridge has as well.",
        "For decisions map a certificate of each person who decides, with a role of theirs that may edit.",
    ),
    capabilities=(
        Capability(
            "changes",
            Guarantee.PARTLY,
            "Every state that a round of polling, or the reading after a push, sees. Of several changes between two "
            "readings only the last is seen; a row that appears later than overlap + settle after its stamp is found by "
            "the comparison of versions.",
            _HELP + "section_157909186990.html",
        ),
        Capability(
            "changes of lines",
            Guarantee.PARTLY,
            "Lines are read with their document. One that changes while the document's own stamp stays is found by the "
            "line's stamp; the nightly comparison does not see it.",
            _HELP + "section_157909186990.html",
        ),
        Capability(
            "deletions",
            Guarantee.PARTLY,
            "From the table of deleted records, or by SOAP; the role needs Deleted Records, which also tells names of "
            "records that it may not read otherwise.",
            _HELP + "section_N3497592.html",
        ),
        Capability(
            "pushes",
            Guarantee.PARTLY,
            "NetSuite has no webhooks: our user event script posts after a save, signed with HMAC-SHA256 over time and "
            "body, as a hint to read again. It does not run in every context, and nothing is posted twice.",
            _HELP + "section_4407992281.html",
        ),
        Capability(
            "who changed it",
            Guarantee.PARTLY,
            "The last user who changed a transaction; scripts and workflows run under a user's name.",
            _HELP + "section_157909186990.html",
        ),
        Capability(
            "read by id",
            Guarantee.PARTLY,
            "What is deleted and what the role may not see look the same.",
            _HELP + "section_157909186990.html",
        ),
        Capability(
            "hidden fields",
            Guarantee.PARTLY,
            "By queries a field that the role may not see counts as hidden. SOAP leaves it out, as it leaves out what is "
            "empty: a field that is taken from the role looks emptied.",
            _HELP + "section_N3436475.html",
        ),
        Capability(
            "list of versions",
            Guarantee.PARTLY,
            "Id and stamp of the last state of each living record; not for stock, which has no stamp.",
            _HELP + "section_157909186990.html",
        ),
        Capability(
            "time resolution",
            Guarantee.PARTLY,
            "Stamps have whole seconds; two states within one second are told apart by their fields only.",
            _HELP + "section_157909186990.html",
        ),
        Capability(
            "conditional update",
            Guarantee.PARTLY,
            "NetSuite has none: the record is read and compared just before it is written, and read again after. A "
            "change in between, a fraction of a second, is not noticed.",
            _HELP + "section_1545142173.html",
        ),
        Capability(
            "approval",
            Guarantee.PARTLY,
            "There is no call that approves an order, a requisition or a bill: the approval status is set, once the "
            "record names the person as its next approver. A record that a workflow has locked is refused. A comment is "
            "not kept.",
            _HELP + "section_1516982564.html",
        ),
        Capability(
            "as the person",
            Guarantee.PARTLY,
            "Only with a credential of theirs, which an administrator maps. Else nobody writes, or the integration does "
            "and NetSuite shows its name.",
            _HELP + "section_162686838198.html",
        ),
        Capability(
            "may somebody do it",
            Guarantee.PARTLY,
            "Decisions: the record's next approver. Changes: as the person, by NetSuite itself; without a credential of "
            "theirs by their roles, and only those that no subsidiary and no restriction bounds.",
            _HELP + "article_0320025211.html",
        ),
        Capability(
            "what somebody sees",
            Guarantee.PARTLY,
            "What a reading as the person shows. Without a credential of theirs nobody is said to see anything.",
            _HELP + "article_0320025211.html",
        ),
        Capability(
            "remaining quota",
            Guarantee.NO,
            "Calls at once are counted for the account and shared with other programs. A refusal tells neither how many "
            "there are nor when to come again, and only an administrator may ask for the limit.",
            _HELP + "article_0625010817.html",
        ),
    ),
)
