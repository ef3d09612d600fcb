"""What waits for a decision at each vendor's twin, and how often the twin was written to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from connectors.contract import Services
from connectors.dynamics.dataverse import CONNECTOR as DATAVERSE
from connectors.dynamics.sandbox import create as dynamics
from connectors.generic import CONNECTOR as GENERIC
from connectors.generic.sandbox import create as generic
from connectors.netsuite import CONNECTOR as NETSUITE
from connectors.netsuite.sandbox import create as netsuite
from connectors.salesforce import CONNECTOR as SALESFORCE
from connectors.salesforce.sandbox import create as salesforce
from connectors.zoho import CONNECTOR as ZOHO
from connectors.zoho.sandbox import create as zoho
from pipelines.plan import FieldMap, FieldType
from tests.connectors.dynamics.sandbox.served import fresh as fresh_dynamics
from tests.connectors.generic.sandbox.served import ADA, KIND, TOM
from tests.connectors.generic.sandbox.served import fresh as fresh_generic
from tests.connectors.netsuite.sandbox.served import fresh as fresh_netsuite
from tests.connectors.salesforce.sandbox.served import fresh as fresh_salesforce
from tests.connectors.zoho.sandbox.served import fresh as fresh_zoho
from tests.contract.case import local_services
from tests.served import Host, served_session, serving

SOURCE = "erp"
CREATE = {"salesforce": salesforce, "netsuite": netsuite, "zoho": zoho, "dynamics": dynamics, "generic": generic}
MANAGER, SALES = "wilmot@harbour.example", "tessa@harbour.example"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record that waits for a decision at a twin.

    `approver` may decide it, `junior` may not; the field `who` names those whom the card asks, `worth` is a figure on
    it. `alter` changes values behind the vendor's back; `writes` counts what was decided; `fault` arms a fault of the
    next writes: `drop` loses a request, with `after` its answer alone.
    """

    client: object
    kind: str
    id: str
    approver: str
    junior: str
    fields: tuple[FieldMap, ...]
    worth: Mapping[str, Any]
    alter: Callable[[Mapping[str, Any]], object]
    writes: Callable[[], int]
    fault: Callable[..., object]


@dataclass
class Faults:
    """Faults of writes at a twin; a request that is cut off after its work has no status there and is a write all the same."""

    arm: Callable[[Mapping[str, Any]], object]
    worked: int = 0

    def __call__(self, **how: Any) -> None:
        self.worked += int(how.get("count", 1)) if how.get("after") else 0
        self.arm(how)

    def writes(self, sent: Sequence[Mapping[str, Any]], method: str) -> int:
        """Return how many of these requests wrote."""
        statuses = [int(each["status"]) for each in sent if each["method"] == method]
        return len([each for each in statuses if 200 <= each < 300]) + min(self.worked, statuses.count(0))


def _fields(who: str, worth: str, money: FieldType = FieldType.MONEY) -> tuple[FieldMap, ...]:
    currency = "HKD" if money is FieldType.MONEY else ""
    return (
        FieldMap("who", who, FieldType.TEXT, "Approvers"),
        FieldMap("worth", worth, money, "Worth", currency=currency),
    )


def _services() -> Services:
    return replace(local_services(), session=served_session, now=lambda: datetime.now(UTC))


@contextmanager
def _salesforce(host: Host) -> Iterator[Waiting]:
    with fresh_salesforce(host) as sf:
        facts = sf.facts
        app = {"client_id": facts["client_id"], "client_secret": facts["client_secret"]}
        settings = {
            "url": sf.base,
            "auth": {"client_credentials": app},
            "kinds": {"Opportunity": {"fields": ["NextStep", "Amount"], "number": "Deal_Number__c"}},
            "acting": {"client_id": app["client_id"], "private_key": facts["jwt"]["private_key"]},
        }
        client = SALESFORCE.build(SOURCE, SALESFORCE.settings.model_validate(settings), _services())
        deal = sf.deal(1042)
        people = {row["Username"]: str(row["Id"]) for row in sf.query("SELECT Id, Username FROM User")["records"]}
        submit = {"requests": [{"actionType": "Submit", "contextId": deal}]}
        assert sf.call("POST", "/process/approvals/", json=submit).ok

        def alter(values: Mapping[str, Any]) -> None:
            sf.control("PATCH", f"/records/Opportunity/{deal}", {"values": dict(values)})

        def writes() -> int:
            query = "SELECT StepStatus FROM ProcessInstanceStep WHERE ProcessInstance.TargetObjectId = "
            return len([each for each in sf.query(f"{query}'{deal}'")["records"] if each["StepStatus"] != "Started"])

        def fault(**how: Any) -> None:
            sf.control("POST", "/faults", {"path": "process/approvals", **how})

        alter({"NextStep": f"{people[MANAGER]},{people[SALES]}"})
        yield Waiting(
            client,
            "Opportunity",
            deal,
            people[MANAGER],
            people[SALES],
            _fields("NextStep", "Amount"),
            {"Amount": 97_000},
            alter,
            writes,
            fault,
        )


@contextmanager
def _netsuite(host: Host) -> Iterator[Waiting]:
    with fresh_netsuite(host) as served:
        facts = served.facts
        consumer = {name: facts[name] for name in ("consumer_key", "consumer_secret")}

        def tba(name: str) -> Mapping[str, Any]:
            token = facts["tokens"][name]
            return {"tba": {**consumer, "token_id": token["token"], "token_secret": token["secret"]}}

        settings = {
            "account": facts["account"],
            "zone": facts["company_zone"],
            "base_url": served.base,
            "auth": tba("integration"),
            "actors": {"2": tba("approver"), "3": tba("clerk")},
            "kinds": {"purchaseOrder": {"fields": ["memo", "total", "approvalStatus", "nextApprover"]}},
        }
        client = NETSUITE.build(SOURCE, NETSUITE.settings.model_validate(settings), _services())
        order = served.id_of("purchaseOrder", "PO-1041")

        def alter(values: Mapping[str, Any]) -> None:
            served.control("PATCH", f"/records/purchaseOrder/{order}", {"values": dict(values)})

        def writes() -> int:
            sent = served.control("GET", f"/received?path=purchaseOrder/{order}")["received"]
            return fault.writes(sent, "PATCH")

        fault = Faults(
            lambda how: served.control("POST", "/faults", {"path": "purchaseOrder", "method": "PATCH", **how})
        )

        alter({"memo": "2,3"})
        yield Waiting(
            client,
            "purchaseOrder",
            order,
            "2",
            "3",
            _fields("memo", "total"),
            {"item": {"items": [{"line": 1, "quantity": 50}]}},
            alter,
            writes,
            fault,
        )


@contextmanager
def _zoho(host: Host) -> Iterator[Waiting]:
    with fresh_zoho(host) as served:
        facts = served.facts
        people = {each["email"]: str(each["id"]) for each in facts["users"]}
        deal = served.deal("Lotus packaging line")
        path = f"/Deals/{deal}/actions/blueprint"
        offered = served.call("GET", path, MANAGER).json()["blueprint"]["transitions"]
        targets = {each["name"]: each["next_field_value"] for each in offered}
        kind = {"fields": ["Next_Step", "Amount", "Stage"], "number": "Deal_Number", "transitions": targets}
        app = {key: facts[key] for key in ("accounts_url", "client_id", "client_secret", "refresh_token")}
        settings = {
            **app,
            "actors": {str(each["id"]): str(each["refresh_token"]) for each in facts["users"][1:]},
            "kinds": {"Deals": {**kind, "approve": "Approve", "reject": "Reject"}},
        }
        client = ZOHO.build(SOURCE, ZOHO.settings.model_validate(settings), _services())

        def alter(values: Mapping[str, Any]) -> None:
            served.control("PATCH", f"/records/Deals/{deal}", {"values": dict(values)})

        def writes() -> int:
            sent = served.control("GET", f"/received?path=Deals/{deal}/actions/blueprint")["received"]
            return fault.writes(sent, "PUT")

        fault = Faults(
            lambda how: served.control(
                "POST", "/faults", {"path": f"Deals/{deal}/actions/blueprint", "method": "PUT", **how}
            )
        )

        alter({"Next_Step": f"{people[MANAGER]},{people[SALES]}"})
        yield Waiting(
            client,
            "Deals",
            deal,
            people[MANAGER],
            people[SALES],
            _fields("Next_Step", "Amount"),
            {"Amount": 97_000},
            alter,
            writes,
            fault,
        )


@contextmanager
def _dataverse(host: Host) -> Iterator[Waiting]:
    with fresh_dynamics(host) as served:
        facts = served.facts
        kind = {"fields": ["description", "estimatedvalue"], "number": "name", "approve": {"stepname": "approved"}}
        settings = {
            "url": served.base,
            "login_url": served.base,
            "tenant": facts["tenant_id"],
            "client_id": facts["client_id"],
            "client_secret": facts["client_secret"],
            "kinds": {"opportunity": {**kind, "reject": {"stepname": "rejected"}}},
        }
        client = DATAVERSE.build(SOURCE, DATAVERSE.settings.model_validate(settings), _services())
        deal = served.row("opportunity", "Granite board seats")
        users = [served.user("wilmot")["systemuserid"], served.user("tessa")["systemuserid"]]

        def alter(values: Mapping[str, Any]) -> None:
            served.control("PATCH", f"/dataverse/records/opportunity/{deal}", {"values": dict(values)})

        def writes() -> int:
            sent = served.control("GET", "/received?path=opportunities")["received"]
            return fault.writes(sent, "PATCH")

        fault = Faults(
            lambda how: served.control("POST", "/faults", {"path": "opportunities", "method": "PATCH", **how})
        )

        alter({"description": ",".join(users)})
        yield Waiting(
            client,
            "opportunity",
            deal,
            users[0],
            users[1],
            _fields("description", "estimatedvalue"),
            {"estimatedvalue": 97_000},
            alter,
            writes,
            fault,
        )


@contextmanager
def _generic(host: Host) -> Iterator[Waiting]:
    with fresh_generic(host) as served:
        back = {**served.settings["write_back"], "connect_timeout": "2s", "read_timeout": "2s"}
        settings = GENERIC.settings.model_validate({**served.settings, "write_back": back})
        client = GENERIC.build(SOURCE, settings, _services())

        def alter(values: Mapping[str, Any]) -> None:
            served.control("PATCH", "/records/501", {"values": dict(values), "by": ADA})

        def writes() -> int:
            return served.writes()

        fault = Faults(lambda how: served.control("POST", "/faults", {"path": "actions$", **how}))
        alter({"note": f"{ADA},{TOM}"})
        yield Waiting(
            client,
            KIND,
            "501",
            ADA,
            TOM,
            _fields("request.note", "request.amount"),
            {"amount": 41_000},
            alter,
            writes,
            fault,
        )


VENDORS: Mapping[str, tuple[str, Callable[[Host], Any]]] = {
    "salesforce": ("salesforce", _salesforce),
    "netsuite": ("netsuite", _netsuite),
    "zoho": ("zoho", _zoho),
    "dataverse": ("dynamics", _dataverse),
    "generic": ("generic", _generic),
}


@contextmanager
def hosting() -> Iterator[dict[str, Host]]:
    """Serve the twins, by name."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(serving(create)) for name, create in CREATE.items()}


@contextmanager
def waiting(hosts: Mapping[str, Host], vendor: str) -> Iterator[Waiting]:
    """Give what waits at a fresh twin of one of `VENDORS`."""
    name, begin = VENDORS[vendor]
    with begin(hosts[name]) as found:
        yield found
