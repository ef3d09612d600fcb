"""jsforce, as its users use it, against the Salesforce twin. See https://jsforce.github.io/document/."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.clients.conftest import Jsforce
from tests.clients.node import ThrownError

pytestmark = [pytest.mark.clients, pytest.mark.timeout(400)]

LOCK = Path(__file__).parent / "jsforce" / "package-lock.json"
LOGIN = """
    const login = new jsforce.Connection({ loginUrl: facts.base_url, version: '59.0' });
    const who = await login.login(facts.login.username, facts.login.password + facts.login.security_token);
"""
NEW_DEAL = "{ Name: 'By jsforce', StageName: 'Prospecting', CloseDate: '2027-01-31' }"


def test_the_packages_are_pinned_by_hash_and_name_no_registry() -> None:
    packages = json.loads(LOCK.read_text(encoding="utf-8"))["packages"]
    others = [package for name, package in packages.items() if name]
    assert all(package["integrity"].startswith("sha512-") for package in others)
    assert not any("resolved" in package for package in others)


def test_login_by_soap(js: Jsforce) -> None:
    told = js.run(f"""{LOGIN}
        const identity = await login.identity();
        return {{ who, identity, there: login.instanceUrl, limits: (await login.limits()).DailyApiRequests }};
    """)
    assert told["there"] == js.sf.base
    assert told["who"]["id"] == told["identity"]["user_id"] == js.sf.facts["objects"]["User"][0]["id"]
    assert told["identity"]["username"] == js.sf.facts["login"]["username"]
    assert told["limits"]["Max"] == 15000


def test_a_wrong_password_and_a_switched_off_login_are_told(js: Jsforce) -> None:
    code = """
        const login = new jsforce.Connection({ loginUrl: facts.base_url, version: VERSION });
        await login.login(facts.login.username, facts.login.password);
    """
    with pytest.raises(ThrownError, match="INVALID_LOGIN: Invalid username, password, security token"):
        js.run(code.replace("VERSION", "'59.0'"))
    with pytest.raises(ThrownError, match="UNSUPPORTED_API_VERSION"):
        js.run(code.replace("VERSION", "'65.0'"))
    js.sf.control("POST", "/settings", {"soap_login": False})
    with pytest.raises(ThrownError, match="disabled by default in this org"):
        js.run(code.replace("VERSION", "'59.0'"))


def test_a_logout_ends_the_session(js: Jsforce) -> None:
    told = js.run(f"""{LOGIN}
        const token = login.accessToken;
        await login.logout();
        const gone = new jsforce.Connection({{ instanceUrl: facts.base_url, accessToken: token, version: '59.0' }});
        return thrown(() => gone.limits());
    """)
    assert told["errorCode"] == "INVALID_SESSION_ID"


@pytest.mark.parametrize("way", ["password", "jwt", "client_credentials"])
def test_login_by_oauth(js: Jsforce, way: str) -> None:
    told = js.run(
        """
        const oauth2 = { loginUrl: facts.base_url, clientId: facts.client_id, clientSecret: facts.client_secret };
        const login = new jsforce.Connection({ oauth2, version: '59.0' });
        const crypto = require('node:crypto');
        const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
        const assertion = () => {
            const claims = { iss: facts.client_id, sub: facts.jwt.username, aud: facts.jwt.audience,
                             exp: Math.floor(Date.now() / 1000) + 120 };
            const head = `${part({ alg: 'RS256' })}.${part(claims)}`;
            return `${head}.${crypto.sign('sha256', Buffer.from(head), facts.jwt.private_key).toString('base64url')}`;
        };
        const ways = {
            password: () => login.login(facts.login.username, facts.login.password + facts.login.security_token),
            client_credentials: () => login.authorize({ grant_type: 'client_credentials' }),
            jwt: () => login.authorize({
                grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: assertion() }),
        };
        await ways['WAY']();
        return { identity: await login.identity(), limits: login.limitInfo };
    """.replace("WAY", way).replace("require(", "process.getBuiltinModule(")
    )
    assert told["identity"]["username"] == js.sf.facts["login"]["username"]
    assert told["limits"] == {}


def test_an_expired_session_is_renewed_by_refresh_token(js: Jsforce) -> None:
    js.sf.control("POST", "/settings", {"rotate_refresh_tokens": True})
    told = js.run("""
        const oauth2 = { loginUrl: facts.base_url, clientId: facts.client_id, clientSecret: facts.client_secret };
        const stale = new jsforce.Connection({ oauth2, instanceUrl: facts.base_url, accessToken: 'expired',
                                               refreshToken: facts.refresh_token, version: '59.0' });
        let renewed;
        stale.on('refresh', (token, answer) => { renewed = answer; });
        const found = await stale.query('SELECT Id FROM Opportunity');
        return { found: found.totalSize, rotated: renewed.refresh_token,
                 again: await thrown(() => stale.oauth2.refreshToken(facts.refresh_token)) };
    """)
    assert told["found"] == 6
    assert told["rotated"]
    assert told["again"]["name"] == "invalid_grant"


def test_an_expired_session_is_renewed_by_the_callers_own_function(js: Jsforce) -> None:
    told = js.run("""
        let renewals = 0;
        const login = new jsforce.Connection({ instanceUrl: facts.base_url, accessToken: 'expired', version: '59.0',
            refreshFn: (_conn, done) => { renewals += 1; done(null, conn.accessToken); } });
        const names = await Promise.all([1, 2, 3].map(() => login.sobject('Account').count()));
        return { names, renewals };
    """)
    assert told == {"names": [4, 4, 4], "renewals": 1}


def test_describe_tells_objects_fields_and_children(js: Jsforce) -> None:
    told = js.run("""
        const all = await conn.describeGlobal();
        const deal = await conn.describe('Opportunity');
        const field = (name) => deal.fields.find((f) => f.name === name);
        return { names: all.sobjects.map((o) => o.name), most: all.maxBatchSize, key: field('Erp_Key__c'),
                 account: field('AccountId').referenceTo, children: deal.childRelationships };
    """)
    assert {"Account", "Case", "Event", "Opportunity", "OpportunityLineItem", "Quote", "Task"} <= set(told["names"])
    assert told["most"] == 200
    assert (told["key"]["externalId"], told["key"]["unique"]) == (True, True)
    assert told["account"] == ["Account"]
    assert {child["relationshipName"] for child in told["children"]} >= {"OpportunityLineItems", "Quotes", "Tasks"}


def test_a_record_is_made_read_changed_and_deleted(js: Jsforce) -> None:
    told = js.run(f"""
        const deals = conn.sobject('Opportunity');
        const made = await deals.create({NEW_DEAL});
        const changed = await deals.update({{ Id: made.id, NextStep: 'Call' }});
        const read = await deals.retrieve(made.id);
        const gone = await deals.destroy(made.id);
        return {{ made, changed, read, gone, after: await thrown(() => deals.retrieve(made.id)), limits: conn.limitInfo }};
    """)
    assert told["made"]["success"] is told["changed"]["success"] is told["gone"]["success"] is True
    assert (told["read"]["NextStep"], told["read"]["Probability"]) == ("Call", 10)
    assert told["after"]["errorCode"] == "ENTITY_IS_DELETED"
    assert told["limits"]["apiUsage"] == {"used": 5, "limit": 15000}


def test_upsert_makes_changes_and_refuses_what_is_ambiguous(js: Jsforce) -> None:
    told = js.run(f"""
        const deals = conn.sobject('Opportunity'), accounts = conn.sobject('Account');
        const key = {{ Erp_Key__c: 'SO-1042' }};
        const made = await deals.upsert({{ ...{NEW_DEAL}, ...key }}, 'Erp_Key__c');
        const changed = await deals.upsert({{ NextStep: 'Call', ...key }}, 'Erp_Key__c');
        await accounts.create([{{ Name: 'A', Legacy_Code__c: 'L1' }}, {{ Name: 'B', Legacy_Code__c: 'l1' }}]);
        const twice = await thrown(() => accounts.upsert({{ Name: 'C', Legacy_Code__c: 'L1' }}, 'Legacy_Code__c'));
        const same = await thrown(() => deals.create({{ ...{NEW_DEAL}, ...key }}));
        return {{ made, changed, twice, same, left: await accounts.count({{ Name: 'C' }}) }};
    """)
    assert (told["made"]["created"], told["changed"]["created"]) == (True, False)
    assert told["made"]["id"] == told["changed"]["id"]
    assert (told["twice"]["errorCode"], len(told["twice"]["data"])) == ("MULTIPLE_CHOICES", 2)
    assert told["same"]["errorCode"] == "DUPLICATE_VALUE"
    assert told["left"] == 0


@pytest.mark.parametrize(
    ("where", "numbers"),
    [
        ("(Amount > 100000 OR Amount = NULL) AND NOT (IsClosed = TRUE)", [1041, 1042, 1045]),
        ("Name LIKE '%labels' OR StageName IN ('Closed Won')", [1044, 1046]),
        ("Account.Name = 'Lotus Foods' AND CreatedDate = LAST_N_DAYS:30 AND CloseDate >= TODAY", [1042, 1046]),
        ("CreatedDate = YESTERDAY", []),
        ("Id IN (SELECT OpportunityId FROM Quote WHERE Status = 'Presented')", [1042]),
        ("Owner.Manager.Name = 'Wilmot Kestrel' AND CloseDate > THIS_MONTH AND Amount < 0", []),
    ],
)
def test_conditions(js: Jsforce, where: str, numbers: list[int]) -> None:
    code = """
        const soql = `SELECT Deal_Number__c FROM Opportunity WHERE ${given.where} ORDER BY Deal_Number__c`;
        return (await conn.query(soql)).records.map((r) => r.Deal_Number__c);
    """
    told = js.run(code, where=where)
    assert told == [f"OPP-{n}" for n in numbers]


def test_the_query_builder_with_parents_children_order_limit_and_offset(js: Jsforce) -> None:
    told = js.run("""
        const deals = conn.sobject('Opportunity');
        const built = await deals.find({ Amount: { $gte: 90000 } }, 'Id, Name, Account.Name')
            .sort({ Amount: -1 }).limit(2).skip(1);
        const parents = await conn.sobject('Account').select('Id, Name').include('Opportunities').select('Name')
            .orderby('Name').end().where({ Name: 'Harbour Trading' });
        const lines = await conn.query(
            'SELECT Name, (SELECT Name, TotalPrice FROM OpportunityLineItems ORDER BY SortOrder) FROM Opportunity');
        return { built: built.map((r) => [r.Name, r.Account.Name]), parents, lines: lines.records,
                 count: await deals.count({ IsClosed: true }) };
    """)
    assert told["built"] == [["Lotus packaging line", "Lotus Foods"], ["Harbour cold chain", "Harbour Trading"]]
    children = told["parents"][0]["Opportunities"]
    assert [r["Name"] for r in children["records"]] == ["Harbour cold chain", "Harbour fleet tracking"]
    assert children["totalSize"] == 2
    by_name = {row["Name"]: row["OpportunityLineItems"] for row in told["lines"]}
    assert [r["TotalPrice"] for r in by_name["Harbour cold chain"]["records"]] == [380000, 100000]
    assert by_name["Harbour fleet tracking"] is None
    assert told["count"] == 2


def test_all_pages_are_fetched(js: Jsforce) -> None:
    records = [{"Name": f"Bulk {i}"} for i in range(4500)]
    js.sf.control("POST", "/records/Account", {"records": records})
    told = js.run("""
        const soql = "SELECT Id FROM Account WHERE Name LIKE 'Bulk%'";
        const auto = await conn.query(soql, { autoFetch: true, maxFetch: 10000 });
        const first = await conn.query(soql);
        const second = await conn.queryMore(first.nextRecordsUrl);
        return { auto: new Set(auto.records.map((r) => r.Id)).size, sizes: [first, second].map((p) => p.records.length),
                 done: second.done };
    """)
    assert told == {"auto": 4500, "sizes": [2000, 2000], "done": False}


def test_deleted_records_are_found_by_scan_all(js: Jsforce) -> None:
    code = """
        await conn.sobject('Opportunity').destroy(given.deal);
        const soql = 'SELECT Id FROM Opportunity WHERE IsDeleted = true';
        return [await conn.query(soql), await conn.query(soql, { scanAll: true })].map((page) => page.totalSize);
    """
    told = js.run(code, deal=js.sf.deal(1046))
    assert told == [0, 1]


def test_a_collection_of_200_with_failed_rows(js: Jsforce) -> None:
    told = js.run("""
        const accounts = conn.sobject('Account');
        const rows = Array.from({ length: 200 }, (_, i) => i % 50 ? { Name: `A${i}` } : { Phone: '1' });
        const some = await accounts.create(rows);
        const none = await accounts.create(rows, { allOrNone: true });
        const good = some.filter((r) => r.success).map((r) => r.id);
        const changed = await accounts.update(good.map((Id) => ({ Id, Phone: '2' })));
        const read = await accounts.retrieve(good.slice(0, 3), { fields: ['Phone'] });
        const gone = await accounts.destroy(good);
        const upserted = await accounts.upsert([{ Name: 'X', Legacy_Code__c: 'x1' }, { Legacy_Code__c: 'x2' }],
                                               'Legacy_Code__c');
        const many = await thrown(() => accounts.create([...rows, { Name: 'B' }]));
        return { some, none, changed, read, gone, upserted, many, left: await accounts.count() };
    """)
    failed = [row for row in told["some"] if not row["success"]]
    assert len(failed) == 4
    assert failed[0]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert failed[0]["errors"][0]["fields"] == ["Name"]
    codes = {row["errors"][0]["statusCode"] for row in told["none"]}
    assert codes == {"REQUIRED_FIELD_MISSING", "ALL_OR_NONE_OPERATION_ROLLED_BACK"}
    assert all(row["success"] for row in told["changed"] + told["gone"])
    assert [row["Phone"] for row in told["read"]] == ["2", "2", "2"]
    assert [row.get("created") for row in told["upserted"]] == [True, None]
    assert told["many"]["errorCode"] == "EXCEEDED_ID_LIMIT"
    assert told["left"] == 5


def test_composite_requests_refer_to_each_other(js: Jsforce) -> None:
    told = js.run("""
        const post = (allOrNone, name) => conn.requestPost('/composite', { allOrNone, compositeRequest: [
            { method: 'POST', url: '/services/data/v59.0/sobjects/Account', referenceId: 'account', body: { Name: name } },
            { method: 'POST', url: '/services/data/v59.0/sobjects/Contact', referenceId: 'contact',
              body: { LastName: name === 'bad' ? null : 'Reed', AccountId: '@{account.id}' } },
            { method: 'GET', url: '/services/data/v59.0/sobjects/Contact/@{contact.id}?fields=AccountId',
              referenceId: 'read' } ] });
        const batch = await conn.requestPost('/composite/batch', { haltOnError: true, batchRequests: [
            { method: 'GET', url: 'v59.0/limits' }, { method: 'GET', url: 'v59.0/sobjects/Nothing' },
            { method: 'GET', url: 'v59.0/limits' } ] });
        return { good: await post(true, 'good'), bad: await post(true, 'bad'), loose: await post(false, 'bad'), batch,
                 left: await conn.sobject('Account').count({ Name: 'bad' }) };
    """)
    good, bad, loose = ([p["httpStatusCode"] for p in told[n]["compositeResponse"]] for n in ("good", "bad", "loose"))
    made = told["good"]["compositeResponse"]
    assert (good, bad, loose) == ([201, 201, 200], [400, 400, 400], [201, 400, 400])
    assert made[2]["body"]["AccountId"] == made[0]["body"]["id"]
    assert made[0]["httpHeaders"]["Location"].endswith(made[0]["body"]["id"])
    codes = [part["body"][0]["errorCode"] for part in told["bad"]["compositeResponse"]]
    assert codes == ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING", "PROCESSING_HALTED"]
    assert told["left"] == 1
    assert told["batch"]["hasErrors"] is True
    assert [part["statusCode"] for part in told["batch"]["results"]] == [200, 404, 412]


def test_what_was_updated_and_deleted(js: Jsforce) -> None:
    now = datetime.now(UTC)
    past = (now - timedelta(minutes=2)).isoformat(timespec="seconds")
    changed, gone = js.sf.deal(1041), js.sf.deal(1046)
    js.sf.control("PATCH", f"/records/Opportunity/{changed}", {"values": {"NextStep": "x"}, "stamp": past})
    js.sf.control("DELETE", f"/records/Opportunity/{gone}", {"stamp": past})
    js.sf.control("POST", "/transactions", {"opened_at": (now - timedelta(minutes=7)).isoformat()})
    code = """
        const deals = conn.sobject('Opportunity');
        return { updated: await deals.updated(...given.span), deleted: await deals.deleted(...given.span) };
    """
    span = [(now + timedelta(minutes=minutes)).isoformat() for minutes in (-10, 2)]
    told = js.run(code, span=span)
    covered = datetime.fromisoformat(told["updated"]["latestDateCovered"])
    assert told["updated"]["ids"] == [changed]
    assert [row["id"] for row in told["deleted"]["deletedRecords"]] == [gone]
    assert timedelta(minutes=7) <= now - covered < timedelta(minutes=8, seconds=5)


def test_an_approval_is_submitted_refused_to_others_and_given(js: Jsforce) -> None:
    deal, manager = js.sf.deal(1041), js.sf.facts["objects"]["User"][1]
    code = """
        const approval = conn.process.approval;
        const listed = await approval.list();
        const sent = await approval.submit(given.deal, 'please');
        const twice = await thrown(() => approval.submit(given.deal, 'again'));
        const edit = await thrown(() => conn.sobject('Opportunity').update({ Id: given.deal, NextStep: 'x' }));
        const foreign = await thrown(() => approval.approve(sent.newWorkitemIds[0], 'not mine'));
        return { listed, sent, codes: [twice, edit, foreign].map((e) => e.errorCode) };
    """
    told = js.run(code, deal=deal)
    (item,) = told["sent"]["newWorkitemIds"]
    code = """
        const approval = conn.process.approval;
        const items = await conn.query(`SELECT Id, ProcessInstance.TargetObject.Name FROM ProcessInstanceWorkitem
            WHERE ActorId = '${given.manager}' AND ProcessInstance.TargetObjectId = '${given.deal}'`);
        const done = await approval.approve(given.item, 'well done');
        const again = await thrown(() => approval.reject(given.item, 'too late'));
        const steps = await conn.query("SELECT StepStatus, Comments, Actor.Name FROM ProcessInstanceStep ORDER BY Id");
        const edit = await conn.sobject('Opportunity').update({ Id: given.deal, NextStep: 'x' });
        return { items: items.records, done, again, steps: steps.records, edit };
    """
    decided = js.run(code, token=js.sf.token_of(manager["Username"]), deal=deal, item=item, manager=manager["id"])
    assert told["listed"]["Opportunity"][0]["name"] == "Deal approval"
    assert (told["sent"]["instanceStatus"], told["sent"]["actorIds"]) == ("Pending", [manager["id"]])
    assert told["codes"] == [
        "ALREADY_IN_PROCESS",
        "ENTITY_IS_LOCKED",
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
    ]
    assert decided["items"][0]["ProcessInstance"]["TargetObject"]["Name"] == "Harbour cold chain"
    assert (decided["done"]["instanceStatus"], decided["done"]["success"]) == ("Approved", True)
    assert decided["again"]["errorCode"] == "INVALID_CROSS_REFERENCE_KEY"
    steps = [(step["StepStatus"], step["Comments"]) for step in decided["steps"]]
    assert steps == [("Started", "please"), ("Approved", "well done")]
    assert decided["steps"][1]["Actor"]["Name"] == "Wilmot Kestrel"
    assert decided["edit"]["success"] is True


def test_a_rejection_sets_what_the_process_says(js: Jsforce) -> None:
    quote = js.sf.first("Quote")
    sent = js.run("return conn.process.approval.submit(given.quote, 'please');", quote=quote)
    code = """
        const done = await conn.process.approval.reject(given.item, 'too dear');
        return { done, quote: await conn.sobject('Quote').retrieve(given.quote) };
    """
    manager = js.sf.token_of("wilmot@harbour.example")
    rejected = js.run(code, token=manager, quote=quote, item=sent["newWorkitemIds"][0])
    assert rejected["done"]["instanceStatus"] == "Rejected"
    assert rejected["quote"]["Status"] == "Rejected"


def test_errors_arrive_with_their_code(js: Jsforce) -> None:
    js.sf.control("POST", "/hide", {"object": "Opportunity", "field": "Amount", "user": "integration@harbour.example"})
    told = js.run("""
        return { field: await thrown(() => conn.query('SELECT Amount FROM Opportunity')),
                 soql: await thrown(() => conn.query('SELECT FROM')),
                 object: await thrown(() => conn.sobject('Nothing').describe()),
                 value: await thrown(() => conn.sobject('Opportunity').create({ Name: 'x' })),
                 fields: (await conn.describe('Opportunity')).fields.map((f) => f.name) };
    """)
    codes = {name: told[name]["errorCode"] for name in ("field", "soql", "object", "value")}
    assert codes == {
        "field": "INVALID_FIELD",
        "soql": "MALFORMED_QUERY",
        "object": "NOT_FOUND",
        "value": "REQUIRED_FIELD_MISSING",
    }
    assert "No such column 'Amount'" in told["field"]["message"]
    assert "Amount" not in told["fields"]


def test_both_refusals_of_the_quota_are_exceptions(js: Jsforce) -> None:
    js.sf.token()
    js.sf.control("POST", "/throttle", {"kind": "daily"})
    with pytest.raises(ThrownError, match="TotalRequests Limit exceeded") as daily:
        js.run("await conn.limits();")
    js.sf.control("POST", "/throttle", {"kind": "concurrent"})
    with pytest.raises(ThrownError, match="ConcurrentRequests") as concurrent:
        js.run("await conn.limits();")
    assert daily.value.code == concurrent.value.code == "REQUEST_LIMIT_EXCEEDED"


def test_recent_activities_of_a_record(js: Jsforce) -> None:
    code = """
        const about = `WHERE WhatId = '${given.deal}' OR AccountId = '${given.account}' ORDER BY Id`;
        const tasks = await conn.query(`SELECT Subject, What.Name, What.Type, Account.Name FROM Task ${about}`);
        const made = await conn.sobject('Event').create({ Subject: 'Visit', WhatId: given.deal,
            StartDateTime: '2027-01-05T09:00:00Z', DurationInMinutes: 90 });
        return { tasks: tasks.records, event: await conn.sobject('Event').retrieve(made.id) };
    """
    told = js.run(code, deal=js.sf.deal(1041), account=js.sf.first("Account"))
    assert [row["What"]["Type"] for row in told["tasks"]] == ["Opportunity", "Account"]
    assert {row["Account"]["Name"] for row in told["tasks"]} == {"Harbour Trading"}
    assert told["event"]["EndDateTime"] == "2027-01-05T10:30:00.000+0000"
    assert told["event"]["AccountId"] == js.sf.first("Account")
