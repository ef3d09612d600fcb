"""The objects of the twin's org: Opportunity, Account, Contact and User, in a multi-currency org."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from connectors.salesforce.sandbox.schema import Field, SObject, Type, Values, by_name

CURRENCIES = ("HKD", "CNY", "EUR", "SGD", "USD")
CORPORATE_CURRENCY = CURRENCIES[0]


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of the sales process with the probability (percent) that it sets."""

    label: str
    probability: int
    closed: bool = False
    won: bool = False


STAGES = (
    Stage("Prospecting", 10),
    Stage("Qualification", 10),
    Stage("Needs Analysis", 20),
    Stage("Value Proposition", 50),
    Stage("Id. Decision Makers", 60),
    Stage("Perception Analysis", 70),
    Stage("Proposal/Price Quote", 75),
    Stage("Negotiation/Review", 90),
    Stage("Closed Won", 100, closed=True, won=True),
    Stage("Closed Lost", 0, closed=True),
)
STAGE_BY_LABEL = {stage.label: stage for stage in STAGES}


def _identity() -> Field:
    return Field("Id", Type.ID, "Record ID", length=18, required=True, createable=False, updateable=False)


def _read_only(name: str, kind: Type, label: str, length: int = 0) -> Field:
    return Field(name, kind, label, length=length, required=True, createable=False, updateable=False)


def _by(name: str, label: str) -> Field:
    relation = name.removesuffix("Id")
    return Field(
        name,
        Type.REFERENCE,
        label,
        length=18,
        references="User",
        relationship=relation,
        required=True,
        createable=False,
        updateable=False,
    )


def _reference(name: str, label: str, target: str) -> Field:
    return Field(name, Type.REFERENCE, label, 18, references=target, relationship=name.removesuffix("Id"))


def _audit() -> list[Field]:
    return [
        _read_only("CreatedDate", Type.DATETIME, "Created Date"),
        _by("CreatedById", "Created By ID"),
        _read_only("LastModifiedDate", Type.DATETIME, "Last Modified Date"),
        _by("LastModifiedById", "Last Modified By ID"),
        _read_only("SystemModstamp", Type.DATETIME, "System Modstamp"),
    ]


def _currency_code() -> Field:
    return Field("CurrencyIsoCode", Type.PICKLIST, "Currency", 3, picklist=CURRENCIES, restricted=True)


def _money(name: str, label: str, precision: int, scale: int) -> Field:
    return Field(name, Type.CURRENCY, label, precision=precision, scale=scale)


def _percent(name: str, label: str, precision: int, scale: int) -> Field:
    return Field(name, Type.PERCENT, label, precision=precision, scale=scale)


def _deleted() -> Field:
    return _read_only("IsDeleted", Type.BOOLEAN, "Deleted")


def _advance(values: Values, given: frozenset[str]) -> None:
    """Set what the stage decides: probability (unless the writer set it), whether closed, whether won."""
    stage = STAGE_BY_LABEL.get(values["StageName"])
    if stage is None:
        return
    values["IsClosed"] = stage.closed
    values["IsWon"] = stage.won
    if "StageName" in given and "Probability" not in given:
        values["Probability"] = Decimal(stage.probability)


def _full_name(values: Values, _given: frozenset[str]) -> None:
    values["Name"] = " ".join(part for part in (values["FirstName"], values["LastName"]) if part)


OPPORTUNITY = SObject(
    "Opportunity",
    "Opportunity",
    "Opportunities",
    "006",
    by_name(
        [
            _identity(),
            _deleted(),
            _reference("AccountId", "Account ID", "Account"),
            Field("Name", Type.STRING, "Name", 120, required=True),
            Field("Description", Type.TEXTAREA, "Description", 32000),
            Field(
                "StageName",
                Type.PICKLIST,
                "Stage",
                255,
                picklist=tuple(stage.label for stage in STAGES),
                required=True,
            ),
            _money("Amount", "Amount", 18, 2),
            _percent("Probability", "Probability (%)", 3, 0),
            Field("CloseDate", Type.DATE, "Close Date", required=True),
            Field("NextStep", Type.STRING, "Next Step", 255),
            _read_only("IsClosed", Type.BOOLEAN, "Closed"),
            _read_only("IsWon", Type.BOOLEAN, "Won"),
            _currency_code(),
            _reference("OwnerId", "Owner ID", "User"),
            *_audit(),
            Field("Deal_Number__c", Type.STRING, "Deal Number", 20),
            _percent("Discount__c", "Discount", 5, 2),
        ]
    ),
    derive=_advance,
)

ACCOUNT = SObject(
    "Account",
    "Account",
    "Accounts",
    "001",
    by_name(
        [
            _identity(),
            _deleted(),
            Field("Name", Type.STRING, "Account Name", 255, required=True),
            Field("AccountNumber", Type.STRING, "Account Number", 40),
            Field(
                "Industry",
                Type.PICKLIST,
                "Industry",
                255,
                picklist=("Food & Beverage", "Manufacturing", "Retail", "Shipping"),
            ),
            Field("Phone", Type.PHONE, "Account Phone", 40),
            _money("AnnualRevenue", "Annual Revenue", 18, 0),
            Field("Description", Type.TEXTAREA, "Account Description", 32000),
            _currency_code(),
            _reference("OwnerId", "Owner ID", "User"),
            *_audit(),
        ]
    ),
)

CONTACT = SObject(
    "Contact",
    "Contact",
    "Contacts",
    "003",
    by_name(
        [
            _identity(),
            _deleted(),
            _reference("AccountId", "Account ID", "Account"),
            Field("LastName", Type.STRING, "Last Name", 80, required=True),
            Field("FirstName", Type.STRING, "First Name", 40),
            _read_only("Name", Type.STRING, "Full Name", 121),
            Field("Phone", Type.PHONE, "Business Phone", 40),
            Field("Email", Type.EMAIL, "Email", 80),
            Field("Title", Type.STRING, "Title", 128),
            _currency_code(),
            _reference("OwnerId", "Owner ID", "User"),
            *_audit(),
        ]
    ),
    derive=_full_name,
)

USER = SObject(
    "User",
    "User",
    "Users",
    "005",
    by_name(
        [
            _identity(),
            Field("Username", Type.STRING, "Username", 80, required=True),
            Field("LastName", Type.STRING, "Last Name", 80, required=True),
            Field("FirstName", Type.STRING, "First Name", 40),
            _read_only("Name", Type.STRING, "Full Name", 121),
            Field("Title", Type.STRING, "Title", 80),
            Field("Email", Type.EMAIL, "Email", 128, required=True),
            Field("IsActive", Type.BOOLEAN, "Active"),
            _reference("ManagerId", "Manager ID", "User"),
            *_audit(),
        ]
    ),
    createable=False,
    deletable=False,
    derive=_full_name,
)

OBJECTS = {o.name.casefold(): o for o in (ACCOUNT, CONTACT, OPPORTUNITY, USER)}


def find_object(name: str) -> SObject | None:
    """Find an object by its name; case does not matter."""
    return OBJECTS.get(name.casefold())
