"""Queries: what they find, in which order, and how they are refused."""

from __future__ import annotations

import pytest

from tests.connectors.zoho.sandbox.served import Served, query

ALL = "id is not null"
START = "2026-03-01T08:00:00+08:00"


def numbers(*ends: int) -> list[str]:
    return [f"OPP-10{end}" for end in ends]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("Stage = 'Closed Won'", (44,)),
        ("Stage != 'Closed Won'", (41, 42, 43, 45, 46)),
        ("Stage in ('Closed Won', 'Closed Lost')", (44, 46)),
        ("Stage not in ('Closed Won', 'Closed Lost')", (41, 42, 43, 45)),
        ("Stage like 'Closed%'", (44, 46)),
        ("Deal_Name not like '%lotus%'", (41, 43, 44, 45)),
        ("Amount > 480000", (42, 44)),
        ("Amount >= 480000", (41, 42, 44)),
        ("Amount < 96000.5", (43, 46)),
        ("Amount between 38000 and 96000", (43, 46)),
        ("Amount not between 38000 and 96000", (41, 42, 44)),
        ("Amount is null", (45,)),
        ("Amount is not null", (41, 42, 43, 44, 46)),
        ("(Amount > 100000 and Stage = 'Closed Won')", (44,)),
        ("(Amount is null or Stage = 'Closed Won')", (44, 45)),
        ("((Amount > 100000 and Stage != 'Closed Won') or Amount is null)", (41, 42, 45)),
        ("Modified_Time >= '2024-01-01T00:00:00+08:00'", (41, 42, 43, 44, 45, 46)),
        ("Modified_Time < '2024-01-01T00:00:00+08:00'", ()),
        ("Closing_Date > '2024-01-01'", (41, 42, 43, 44, 45, 46)),
    ],
)
def test_what_a_criterion_finds(crm: Served, where: str, found: tuple[int, ...]) -> None:
    assert crm.names(where) == numbers(*found)


def test_records_are_found_by_id_and_lookup(crm: Served) -> None:
    account = crm.id_of("Accounts", "Lotus Foods")
    assert crm.names(f"Account_Name = '{account}'") == numbers(42, 46)
    assert crm.names(f"Account_Name.id = {account}") == numbers(42, 46)
    assert crm.names(f"id in ('{crm.deal()}', '{crm.deal('Kite shop fittings')}')") == numbers(41, 43)
    assert crm.names(f"id > '{crm.deal('Granite press spare parts')}'") == numbers(45, 46)


def test_order_by_several_keys_and_limits(crm: Served) -> None:
    rows = crm.coql(query("Account_Name, Amount, Deal_Number", f"Deals where {ALL} order by Stage desc, Amount asc"))
    assert [row["Deal_Number"] for row in rows.json()["data"]] == numbers(43, 41, 42, 45, 44, 46)
    assert crm.names(ALL, "order by id desc limit 2") == numbers(46, 45)
    assert crm.names(ALL, "limit 2 offset 3") == crm.names(ALL, "limit 3, 2") == numbers(44, 45)
    info = crm.coql(query("id", f"Deals where {ALL} limit 2")).json()["info"]
    assert info == {"count": 2, "more_records": True}


def test_flags_and_ids_that_sort_second(crm: Served) -> None:
    assert crm.coql("select id from Cases where Escalated = true").json()["info"]["count"] == 1
    assert crm.coql("select id from Cases where Escalated = false").status_code == 204
    assert crm.names(ALL, "order by Account_Name, id desc limit 3") == numbers(45, 41, 46)


def test_a_query_without_rows_has_no_body(crm: Served) -> None:
    answer = crm.coql("select id from Deals where Amount > 99999999999")
    assert (answer.status_code, answer.content) == (204, b"")


def test_text_with_quotes_is_data(crm: Served) -> None:
    crm.control("PATCH", f"/records/Deals/{crm.deal()}", {"values": {"Next_Step": "it's 100% \\ done"}})
    assert crm.names("Next_Step = 'it\\'s 100% \\\\ done'") == numbers(41)
    assert crm.names("Next_Step = 'it''s'") == []


def test_ties_are_walked_by_stamp_and_id(crm: Served) -> None:
    values = {"Subject": "Task {n}"}
    crm.control("POST", "/seed/Tasks", {"count": 5000, "start": START, "per_second": 5000, "values": values})
    seen: list[str] = []
    after, last = START, "0"
    while True:
        where = f"((Modified_Time = '{after}' and id > '{last}') or Modified_Time > '{after}')"
        answer = crm.coql(query("Modified_Time", f"Tasks where {where} order by Modified_Time, id limit 2000"))
        if answer.status_code == 204:
            break
        rows = answer.json()["data"]
        seen += [row["id"] for row in rows]
        after, last = rows[-1]["Modified_Time"], rows[-1]["id"]
    assert (len(seen), len(set(seen))) == (5001, 5001)


@pytest.mark.parametrize(
    ("query", "code", "details"),
    [
        ("select id from Deals", "SYNTAX_ERROR", {"clause": "where"}),
        ("select id where id is not null", "SYNTAX_ERROR", {"clause": "from"}),
        ("delete from Deals", "SYNTAX_ERROR", {"clause": "select"}),
        ("select id from Deals where Amount ~ 3", "SYNTAX_ERROR", {"near": "~"}),
        ("select id from Deals where Amount > 3 limit x", "SYNTAX_ERROR", {"near": "x"}),
        ("select id from Deals where Amount > 3 group by id", "SYNTAX_ERROR", {"near": "group"}),
        ("select id from Deals where (Amount > 3", "SYNTAX_ERROR", {"near": ""}),
        ("select id from Deals where Amount is 3", "SYNTAX_ERROR", {"near": "3"}),
        ("select No_Such from Deals where id is not null", "INVALID_QUERY", {"column_name": "No_Such"}),
        ("select id from Deals where No_Such = 1", "INVALID_QUERY", {"column_name": "No_Such"}),
        ("select id from Deals where Stage.id = '1'", "INVALID_QUERY", {"column_name": "Stage.id"}),
        ("select id from Leads where id is not null", "INVALID_QUERY", {"module": "Leads"}),
        ("select id from Deals where Amount = 'many'", "INVALID_QUERY", {"column_name": "Amount"}),
        ("select id from Deals where Modified_Time > '2026-01-01'", "INVALID_QUERY", {"column_name": "Modified_Time"}),
        ("select id from Deals where Owner > '1'", "INVALID_QUERY", {"column_name": "Owner"}),
        ("select id from Deals where Description = 'x'", "INVALID_QUERY", {"column_name": "Description"}),
        ("select id from Deals where Channels > 'Web'", "INVALID_QUERY", {"column_name": "Channels"}),
        ("select id from Deals where id is not null order by Channels", "INVALID_QUERY", {"operator": "order by"}),
        ("select id from Deals where Amount like '4%'", "INVALID_QUERY", {"expected_data_type": "currency"}),
        ("select id from Deals where Closing_Date > 'soon'", "INVALID_QUERY", {"expected_data_type": "date"}),
        ("select id from Cases where Escalated = 1", "INVALID_QUERY", {"expected_data_type": "boolean"}),
        ("select id from Deals where Stage not 'x'", "SYNTAX_ERROR", {"near": "not"}),
        ("select id from Deals where Stage = <", "SYNTAX_ERROR", {"near": "<"}),
        ("select id from Deals where Deal_Name >= 'x'", "INVALID_QUERY", {"operator": ">="}),
        ("select Owner.email from Deals where id is not null", "INVALID_QUERY", {"column_name": "Owner.email"}),
        ("select a.b.c.d from Deals where id is not null", "LIMIT_EXCEEDED", {"column_name": "a.b.c.d"}),
        ("select id from Deals where id is not null order by id, id", "DUPLICATE_DATA", {"column_name": "id"}),
        ("select id from Deals where id is not null limit 2001", "LIMIT_EXCEEDED", {"limit": 2000}),
        ("select id from Deals where id is not null limit 2000 offset 98001", "LIMIT_EXCEEDED", {"limit": 100000}),
    ],
)
def test_a_query_that_is_refused_says_where(crm: Served, query: str, code: str, details: dict[str, object]) -> None:
    answer = crm.coql(query)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert details.items() <= answer.json()["details"].items()


@pytest.mark.parametrize(
    ("query", "clause"),
    [
        (query(f"{','.join(f'c{n}' for n in range(51))}", f"Deals where {ALL}"), "select"),
        (query("id", f"Deals where {ALL} order by {','.join(f'c{n}' for n in range(11))}"), "order by"),
        (query("id", f"Deals where Stage in ({','.join(['1'] * 51)})"), "in"),
        (query("id", f"Deals where {'(' * 25}{' or '.join(['Amount = 1)'] * 25)} or Amount = 2"), "where"),
    ],
)
def test_the_limits_of_a_query(crm: Served, query: str, clause: str) -> None:
    answer = crm.coql(query).json()
    assert (answer["code"], answer["details"]["clause"]) == ("LIMIT_EXCEEDED", clause)


@pytest.mark.parametrize(("body", "code"), [({}, "MANDATORY_NOT_FOUND"), ({"select_query": 1}, "INVALID_DATA")])
def test_a_body_without_a_query(crm: Served, body: dict[str, object], code: str) -> None:
    assert crm.call("POST", "/coql", json=body).json()["code"] == code


@pytest.mark.parametrize(("how", "status"), [("enforced", 400), ("lenient", 200)])
def test_three_criteria_need_brackets(crm: Served, how: str, status: int) -> None:
    crm.switch(coql_brackets=how)
    flat = "select id from Deals where Amount > 1 and Amount < 100000 and Stage != 'x'"
    nested = "select id from Deals where ((Amount > 1 and Amount < 100000) and Stage != 'x')"
    assert crm.coql(flat).status_code == status
    assert crm.coql(nested).status_code == 200


def test_a_lookup_has_its_id_alone_and_its_name_by_a_path(crm: Served) -> None:
    asked = "Account_Name, Account_Name.Account_Name, Account_Name.Industry, Owner"
    (row,) = crm.coql(query(asked, "Deals where Deal_Number = 'OPP-1042'")).json()["data"]
    account = crm.id_of("Accounts", "Lotus Foods")
    assert (row["Account_Name"], row["Account_Name.Account_Name"]) == ({"id": account}, "Lotus Foods")
    assert row["Account_Name.Industry"] == "Food & Beverage"
    assert set(row["Owner"]) == {"id"}
    assert crm.names("Account_Name.Industry = Shipping", "order by Account_Name.Account_Name, id") == numbers(41, 45)
    assert crm.names("Contact_Name.Account_Name.Industry is null") == numbers(41, 42, 43, 44, 45, 46)


def test_choices_without_quotes_and_several_at_once(crm: Served) -> None:
    assert crm.names("Stage = Qualification") == numbers(43)
    assert crm.names("Channels = 'Web;Fair'") == numbers(43)
    assert crm.names("Channels = 'Web'") == []
