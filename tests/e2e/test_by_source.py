"""Salesforce hides an amount from one of its users and not from another: so does what they are told one to one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from connectors.salesforce.sandbox import create
from tests.connectors.salesforce.sandbox.served import Served, fresh
from tests.processes.application import sign_in
from tests.processes.installation import Installation, installation, until
from tests.processes.process import run
from tests.served import serving
from worker.ledger.tables import match

pytestmark = pytest.mark.timeout(240)

PERSON = """
  USER:
    connector: dingtalk
    zone: Asia/Hong_Kong
    locale: en
    settings: {kind: person, users: [u-USER], application: APPLICATION}"""
BRIDGE = f"""
version: 1
classes: [finance]
clearances:
  finance: {{by_source: true}}
sources:
  crm:
    connector: salesforce
    poll: 1s
    settings:
      url: ORG
      auth: {{client_credentials: {{client_id: KEY, client_secret: file:org.secret}}}}
      acting: {{client_id: KEY, private_key: file:org.pem}}
    people: {{application: company, kind: User, match: {{email: mail}}}}
    kinds:
      User: {{read: {{number: Username}}, fields: {{mail: {{path: Email, type: text}}}}}}
      Opportunity:
        read: {{number: Deal_Number__c}}
        fields:
          name: {{path: Name, type: text}}
          step: {{path: NextStep, type: text}}
          amount: {{path: Amount, type: money, currency_path: CurrencyIsoCode, class: finance}}
applications:
  company: {{connector: dingtalk, settings: {{application: APPLICATION}}}}
destinations:{PERSON.replace("USER", "amy")}{PERSON.replace("USER", "ben")}
routes:
  deals: {{from: crm.Opportunity, to: [amy, ben], title: Deal, fields: [name, step, amount]}}
"""
MANAGER, SALES = "wilmot@harbour.example", "tessa@harbour.example"
BRIDGE_USER = "integration@harbour.example"
PEOPLE = {"u-amy": MANAGER, "u-ben": SALES}
READERS_S = 2


@dataclass
class House:
    """An installation between an org and people in DingTalk: Amy is its manager, Ben its salesperson."""

    parts: Installation
    org: Served
    turns: int = 0

    def told(self) -> dict[str, bool]:
        """Change a deal, and return who reads its amount."""
        self.turns += 1
        step = f"step number {self.turns}"
        changed = {"values": {"NextStep": step}, "user": BRIDGE_USER}
        self.org.control("PATCH", f"/records/Opportunity/{self.org.deal(1042)}", changed)

        def read() -> dict[str, str]:
            found = {user: self.parts.sink.ask("GET", "messages", params={"reader": user}) for user in PEOPLE}
            texts = {user: [row["text"] for row in page["messages"]] for user, page in found.items()}
            return {user: text for user in PEOPLE for text in texts[user] if step in text}

        until(lambda: len(read()) == len(PEOPLE), f"both are told of {step}", 40)
        return {user: "amount: HKD" in text for user, text in read().items()}

    def hides(self, user: str, *, hidden: bool = True) -> None:
        """Take the amount from a user of the org, or give it back, and let the last answer grow too old."""
        asked = {"object": "Opportunity", "field": "Amount", "user": user, "hidden": hidden}
        self.org.control("POST", "/hide", asked)
        time.sleep(READERS_S)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("by-source")
    with serving(create) as host, fresh(host) as org:
        facts = org.facts
        bridge = BRIDGE.replace("ORG", org.base).replace("KEY", facts["client_id"])
        with installation(folder, bridge, DINGBRIDGE_TICK_S="0.2", DINGBRIDGE_READERS_S=str(READERS_S)) as parts:
            sign_in(parts, folder, bridge)
            for name, secret in {"org.secret": facts["client_secret"], "org.pem": facts["jwt"]["private_key"]}.items():
                (folder / name).write_text(secret)
                (folder / name).chmod(0o600)
            for user, mail in PEOPLE.items():
                parts.sink.ask("PATCH", f"users/{user}", json={"email": mail})
            parts.start()
            matched = select(match.c.user).where(match.c.state == "matched")
            until(lambda: len(parts.books.rows(matched)) == 2, "both are matched", 60)
            yield House(parts, org)


def test_the_amount_goes_to_whom_the_org_lets_read_it_and_follows_what_the_org_allows(house: House) -> None:
    house.hides(SALES)
    assert house.told() == {"u-amy": True, "u-ben": False}
    house.hides(SALES, hidden=False)
    assert house.told() == {"u-amy": True, "u-ben": True}
    house.hides(MANAGER)
    assert house.told() == {"u-amy": False, "u-ben": True}
    house.hides(MANAGER, hidden=False)


def test_a_deal_that_is_not_shared_with_somebody_is_told_them_without_it(house: House) -> None:
    house.org.control("POST", "/share", {"user": SALES, "target": house.org.deal(1042), "access": "None"})
    time.sleep(READERS_S)
    assert house.told() == {"u-amy": True, "u-ben": False}


def test_audience_says_that_the_org_decides_for_each_record(house: House) -> None:
    said = run(["audience", "deals"], house.parts.settings).stdout
    assert said.count("  goes there with a record that crm lets each of them read, field by field: amount\n") == 2, said
