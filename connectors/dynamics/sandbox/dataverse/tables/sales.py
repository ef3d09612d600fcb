"""Accounts, contacts, opportunities, quotes and orders with their lines, products and units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connectors.dynamics.sandbox.dataverse.tables.columns import (
    REASONS,
    STATES,
    choice,
    currency,
    day,
    decimal,
    double,
    flag,
    lookup,
    memo,
    moment,
    money,
    state,
    table,
    text,
    whole,
)
from connectors.dynamics.sandbox.schema import Collected, Column, Table

INDUSTRIES = {1: "Accounting", 7: "Consumer Services", 16: "Food and Tobacco Processing", 33: "Transportation"}
PROCESSES = {0: "Individual", 1: "Committee", 2: "Unknown"}
RATINGS = {1: "Hot", 2: "Warm", 3: "Cold"}
PRIORITIES = {1: "Default Value"}
OPPORTUNITY_STATES = {0: "Open", 1: "Won", 2: "Lost"}
OPPORTUNITY_REASONS = {1: ("In Progress", 0), 2: ("On Hold", 0), 3: ("Won", 1), 4: ("Canceled", 2), 5: ("Out-Sold", 2)}
QUOTE_STATES = {0: "Draft", 1: "Active", 2: "Won", 3: "Closed"}
QUOTE_REASONS = {
    1: ("In Progress", 0),
    2: ("In Progress", 1),
    3: ("Open", 1),
    4: ("Won", 2),
    5: ("Lost", 3),
    6: ("Canceled", 3),
}
ORDER_STATES = {0: "Active", 1: "Submitted", 2: "Canceled", 3: "Fulfilled", 4: "Invoiced"}
ORDER_REASONS = {
    1: ("New", 0),
    2: ("Pending", 0),
    3: ("In Progress", 1),
    4: ("No Money", 2),
    100001: ("Complete", 3),
    100003: ("Invoiced", 4),
}


def _document(
    name: str, set_name: str, label: str, own: Iterable[Column], lines: Mapping[str, Collected], number: str
) -> Table:
    """Describe a quote or an order."""
    columns = (
        text("name", "Name", 300, required=True),
        text(number, "Number", 100),
        lookup("customerid", "Customer", "account", "contact"),
        lookup("opportunityid", "Opportunity", "opportunity"),
        *money("totalamount", "Total Amount"),
        *money("discountamount", "Discount Amount"),
        memo("description", "Description"),
        *currency(),
        *own,
    )
    return table(name, set_name, columns, label=label, keys=(number,), collections=lines)


def _line(name: str, set_name: str, label: str, parent: str) -> Table:
    """Describe the line of a quote or an order."""
    columns = (
        text(f"{name}name", "Name"),
        lookup(f"{parent}id", label, parent),
        lookup("productid", "Existing Product", "product"),
        lookup("uomid", "Unit", "uom"),
        text("productdescription", "Write-In Product", 500),
        whole("lineitemnumber", "Line Item Number"),
        decimal("quantity", "Quantity", 5),
        *money("priceperunit", "Price Per Unit"),
        *money("manualdiscountamount", "Manual Discount"),
        *money("baseamount", "Amount"),
        *money("extendedamount", "Extended Amount"),
        *currency(),
    )
    return table(name, set_name, columns, label=label, name_column=f"{name}name")


SALES: tuple[Table, ...] = (
    table(
        "account",
        "accounts",
        (
            text("name", "Account Name", 160, required=True),
            text("accountnumber", "Account Number", 20),
            text("telephone1", "Main Phone", 50),
            text("emailaddress1", "Email", 100),
            text("address1_city", "City", 80),
            choice("industrycode", "Industry", INDUSTRIES),
            whole("numberofemployees", "Number of Employees"),
            double("address1_latitude", "Latitude", 5),
            flag("creditonhold", "Credit Hold"),
            *money("revenue", "Annual Revenue"),
            *money("creditlimit", "Credit Limit"),
            memo("description", "Description"),
            lookup("parentaccountid", "Parent Account", "account"),
            lookup("primarycontactid", "Primary Contact", "contact"),
            *state(STATES, REASONS),
            *currency(),
        ),
        label="Account",
        keys=("accountnumber",),
        collections={
            "contact_customer_accounts": Collected("contact", "parentcustomerid"),
            "opportunity_customer_accounts": Collected("opportunity", "customerid"),
            "order_customer_accounts": Collected("salesorder", "customerid"),
        },
    ),
    table(
        "contact",
        "contacts",
        (
            text("fullname", "Full Name", 160),
            text("firstname", "First Name", 50),
            text("lastname", "Last Name", 50),
            text("emailaddress1", "Email", 100),
            text("jobtitle", "Job Title", 100),
            day("birthdate", "Birthday"),
            lookup("parentcustomerid", "Company Name", "account", "contact"),
            *state(STATES, REASONS),
        ),
        label="Contact",
        name_column="fullname",
    ),
    table(
        "opportunity",
        "opportunities",
        (
            text("name", "Topic", 300, required=True),
            lookup("customerid", "Potential Customer", "account", "contact"),
            *money("estimatedvalue", "Est. Revenue"),
            *money("actualvalue", "Actual Revenue"),
            day("estimatedclosedate", "Est. Close Date"),
            day("actualclosedate", "Actual Close Date"),
            moment("scheduleproposalmeeting", "Scheduled Proposal Meeting", local=False),
            whole("closeprobability", "Probability"),
            choice("opportunityratingcode", "Rating", RATINGS),
            double("discountpercentage", "Opportunity Discount (%)"),
            choice("purchaseprocess", "Purchase Process", PROCESSES, shared="purchaseprocess"),
            text("stepname", "Pipeline Phase"),
            memo("description", "Description"),
            *state(OPPORTUNITY_STATES, OPPORTUNITY_REASONS),
            *currency(),
        ),
        label="Opportunity",
    ),
    table(
        "uomschedule",
        "uomschedules",
        (text("name", "Name"), text("baseuomname", "Base Unit Name")),
        label="Unit Group",
        owned=False,
    ),
    table(
        "uom",
        "uoms",
        (
            text("name", "Name", 100),
            decimal("quantity", "Quantity", 10),
            lookup("baseuom", "Base Unit", "uom"),
            lookup("uomscheduleid", "Unit Schedule", "uomschedule"),
            flag("isschedulebaseuom", "Is Schedule Base Unit"),
        ),
        label="Unit",
        owned=False,
    ),
    table(
        "product",
        "products",
        (
            text("name", "Name", 100, required=True),
            text("productnumber", "Product ID", 100),
            lookup("defaultuomid", "Default Unit", "uom"),
            *money("price", "List Price"),
            *state(STATES, REASONS),
            *currency(),
        ),
        label="Product",
        keys=("productnumber",),
        owned=False,
    ),
    _document(
        "quote",
        "quotes",
        "Quote",
        (day("effectiveto", "Effective To"), *state(QUOTE_STATES, QUOTE_REASONS)),
        {"quote_details": Collected("quotedetail", "quoteid")},
        "quotenumber",
    ),
    _line("quotedetail", "quotedetails", "Quote Product", "quote"),
    _document(
        "salesorder",
        "salesorders",
        "Order",
        (
            lookup("quoteid", "Quote", "quote"),
            day("requestdeliveryby", "Requested Delivery Date"),
            moment("datefulfilled", "Date Fulfilled"),
            choice("prioritycode", "Priority", PRIORITIES),
            *state(ORDER_STATES, ORDER_REASONS),
        ),
        {"order_details": Collected("salesorderdetail", "salesorderid")},
        "ordernumber",
    ),
    _line("salesorderdetail", "salesorderdetails", "Order Product", "salesorder"),
)
