"""Accounts, contacts, opportunities with their products, and quotes, in an org with several currencies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from connectors.salesforce.sandbox.objects.fields import (
    audit,
    choice,
    currency_code,
    deleted,
    foreign_key,
    identity,
    kept_reference,
    long_text,
    money,
    owner,
    percent,
    read_only,
    reference,
    text,
)
from connectors.salesforce.sandbox.schema import Field, SObject, Type, Values, by_name


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


def _advance(values: Values, given: frozenset[str]) -> None:
    """Set what the stage decides: probability (unless the writer set it), whether closed, whether won."""
    stage = STAGE_BY_LABEL.get(str(values.get("StageName")))
    if stage is None:
        return
    values["IsClosed"] = stage.closed
    values["IsWon"] = stage.won
    if "StageName" in given and "Probability" not in given:
        values["Probability"] = Decimal(stage.probability)


def full_name(values: Values, _given: frozenset[str]) -> None:
    """Join the first and the last name."""
    values["Name"] = " ".join(part for part in (values.get("FirstName"), values.get("LastName")) if part)


def _line_total(values: Values, _given: frozenset[str]) -> None:
    quantity, price = values.get("Quantity"), values.get("UnitPrice")
    if isinstance(quantity, Decimal) and isinstance(price, Decimal):
        values["TotalPrice"] = (quantity * price).quantize(Decimal("0.01"))


ACCOUNT = SObject(
    "Account",
    "Account",
    "Accounts",
    "001",
    by_name(
        [
            identity(),
            deleted(),
            replace(text("Name", "Account Name"), required=True),
            text("AccountNumber", "Account Number", 40),
            choice("Industry", "Industry", "Food & Beverage", "Manufacturing", "Retail", "Shipping"),
            Field("Phone", Type.PHONE, "Account Phone", 40),
            money("AnnualRevenue", "Annual Revenue", 18, 0),
            long_text("Description", "Account Description"),
            currency_code(),
            owner(),
            *audit(),
            foreign_key("Legacy_Code__c", "Legacy Code", unique=False),
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
            identity(),
            deleted(),
            reference("AccountId", "Account ID", "Account", children="Contacts"),
            replace(text("LastName", "Last Name", 80), required=True),
            text("FirstName", "First Name", 40),
            read_only("Name", Type.STRING, "Full Name", 121),
            Field("Phone", Type.PHONE, "Business Phone", 40),
            Field("Email", Type.EMAIL, "Email", 80),
            text("Title", "Title", 128),
            currency_code(),
            owner(),
            *audit(),
        ]
    ),
    derive=full_name,
)

OPPORTUNITY = SObject(
    "Opportunity",
    "Opportunity",
    "Opportunities",
    "006",
    by_name(
        [
            identity(),
            deleted(),
            reference("AccountId", "Account ID", "Account", children="Opportunities"),
            replace(text("Name", "Name", 120), required=True),
            long_text("Description", "Description"),
            replace(choice("StageName", "Stage", *(stage.label for stage in STAGES)), required=True),
            money("Amount", "Amount"),
            percent("Probability", "Probability (%)", 3, 0),
            Field("CloseDate", Type.DATE, "Close Date", required=True),
            text("NextStep", "Next Step"),
            read_only("IsClosed", Type.BOOLEAN, "Closed"),
            read_only("IsWon", Type.BOOLEAN, "Won"),
            currency_code(),
            owner(),
            *audit(),
            text("Deal_Number__c", "Deal Number", 20),
            percent("Discount__c", "Discount", 5, 2),
            foreign_key("Erp_Key__c", "ERP Key", unique=True),
        ]
    ),
    derive=_advance,
)

LINE_ITEM = SObject(
    "OpportunityLineItem",
    "Opportunity Product",
    "Opportunity Products",
    "00k",
    by_name(
        [
            identity(),
            deleted(),
            replace(
                reference("OpportunityId", "Opportunity ID", "Opportunity", children="OpportunityLineItems"),
                required=True,
                updateable=False,
            ),
            Field("SortOrder", Type.INT, "Sort Order", precision=9),
            text("Name", "Opportunity Product Name", 376),
            text("ProductCode", "Product Code"),
            Field("Quantity", Type.DOUBLE, "Quantity", precision=12, scale=2, required=True),
            money("UnitPrice", "Sales Price"),
            replace(money("TotalPrice", "Total Price"), createable=False, updateable=False),
            Field("ServiceDate", Type.DATE, "Date"),
            text("Description", "Line Description"),
            currency_code(),
            *audit(),
        ]
    ),
    derive=_line_total,
)

QUOTE = SObject(
    "Quote",
    "Quote",
    "Quotes",
    "0Q0",
    by_name(
        [
            identity(),
            deleted(),
            owner(),
            replace(text("Name", "Quote Name"), required=True),
            read_only("QuoteNumber", Type.STRING, "Quote Number", 80),
            replace(
                reference("OpportunityId", "Opportunity ID", "Opportunity", children="Quotes"),
                required=True,
                updateable=False,
            ),
            kept_reference("AccountId", "Account ID", "Account", children="Quotes"),
            choice(
                "Status",
                "Status",
                "Draft",
                "Needs Review",
                "In Review",
                "Approved",
                "Rejected",
                "Presented",
                "Accepted",
                "Denied",
            ),
            Field("ExpirationDate", Type.DATE, "Expiration Date"),
            percent("Discount", "Discount", 3, 2),
            money("GrandTotal", "Grand Total"),
            long_text("Description", "Description"),
            currency_code(),
            *audit(),
            foreign_key("Erp_Key__c", "ERP Key", unique=True),
        ]
    ),
    auto_number="QuoteNumber",
)
