"""A company of five people for tests of the oracle itself, and a log of a run in which all is well."""

from __future__ import annotations

from dataclasses import replace

from tests.companies.company import (
    PUBLIC,
    Attestation,
    Channel,
    Clearance,
    Company,
    Department,
    Destination,
    Fact,
    Group,
    Listing,
    Person,
    Policy,
    Role,
    Route,
)
from tests.companies.log import Listed, Log, Shown
from tests.companies.oracle import Run

BEGAN = 1000.0
MAX_AGE = 3.0
RUN = Run(BEGAN, MAX_AGE, way=0.5)
MEMO, AMOUNT, NOTE = "aaaaaaaaaaaaz", "bbbbbbbbbbbbz", "ccccccccccccz"
FIRM, FINANCE, LEDGERS, SALES = 100, 101, 102, 103
DIRECTOR, CLERK, TRADER = 201, 202, 203
OFFICE = (Department(FIRM, "Firm", 1), Department(FINANCE, "Finance", FIRM), Department(LEDGERS, "Ledgers", FINANCE))


def company(
    policy: Policy = Policy.WITHHOLD, channel: Channel = Channel.GROUP, word: Attestation | None = None
) -> Company:
    """Ann (director), Bob (in a department below Finance) and Cai (named) are cleared for amounts; Dee and Eve are not.

    The first three are in the group that is told of the one fact, ten seconds after the beginning.
    """
    people = (
        Person("ann", (SALES,), (DIRECTOR,)),
        Person("bob", (LEDGERS,), ()),
        Person("cai", (SALES,), ()),
        Person("dee", (SALES,), (CLERK,)),
        Person("eve", (FIRM,), ()),
    )
    listing = Listing.FOREIGN if channel is Channel.ROBOT else Listing.SCENE
    return Company(
        "firm",
        (*OFFICE, Department(SALES, "Sales", FIRM)),
        (
            Role(DIRECTOR, "Director", "Jobs", 900),
            Role(CLERK, "Clerk", "Jobs", 900),
            Role(TRADER, "Clerk", "Trade", 901),
        ),
        {each.id: each for each in people},
        {"cid-1": Group("cid-1", listing, ("ann", "bob", "cai"))},
        {"memo": PUBLIC, "amount": "amount", "note": "note"},
        {"amount": Clearance(("Director", "Trade/Clerk"), ("Finance",), ("cai",))},
        {
            "room": Destination("room", channel, "cid-1", attestation=word),
            "each": Destination("each", Channel.PERSON),
        },
        {"way": Route("way", ("room",), ("memo", "amount"), policy, "each" if policy is Policy.SPLIT else "")},
        (Fact("F-1", "way", "ann", 10.0, {"memo": MEMO, "amount": AMOUNT, "note": NOTE}),),
        (),
    )


def telling(firm: Company, *fields: str) -> Company:
    """The same company with these fields on its route."""
    route = firm.routes["way"]
    return replace(firm, routes={"way": replace(route, fields=fields)})


def shown(at: float, *values: str, person: str = "", conversation: str = "cid-1") -> Shown:
    """A message so many seconds after the beginning."""
    return Shown(f"single:robot:{person}" if person else conversation, BEGAN + at, " ".join(("F-1", *values)), person)


def log(*messages: Shown, listed: tuple[float, ...] = (10.0,)) -> Log:
    """A run in which the members were asked for at these seconds."""
    return Log(messages, tuple(Listed("cid-1", BEGAN + at) for at in listed))
