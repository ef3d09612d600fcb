"""The organisation's people, departments and roles, asked anew each time: whoever keeps them says how old they may be.

https://open.dingtalk.com/document/development/query-user-details
https://open.dingtalk.com/document/development/user-management-acquires-the-list-departments
https://open.dingtalk.com/document/development/obtains-a-list-of-enterprise-roles
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from connectors.contract import Department, Leaver, Leaving, Malformed, Person, Role
from connectors.dingtalk.app.calls import Call, look
from connectors.dingtalk.people.answers import NO_DEPARTMENT, NOBODY, Answers, understood
from connectors.dingtalk.plain import NotPlain, id_of, ids_of, text_of, truth_of

ROOT = "1"
PEOPLE = "topapi/v2/user/list"
_PAGE, _ROLES_PAGE, _LEAVERS_PAGE = 100, 200, 50
_MOST_PAGES = 2_000


@dataclass(frozen=True, slots=True)
class Directory:
    """Reads the contacts as one application sees them. Every method raises the contract's errors."""

    answers: Answers
    now: Callable[[], datetime]

    def person(self, user: str) -> Person | None:
        """Return a person by user id; None where there is none, which is what somebody who left looks like."""
        result = self.answers.result(look("topapi/v2/user/get", userid=user), NOBODY)
        return None if result is None else understood(lambda row: _person(row, self.now()), result)

    def id_by_mobile(self, mobile: str) -> str | None:
        """Return who has this number now; None where nobody at work here has. It may have been somebody else's before.

        https://open.dingtalk.com/document/development/query-users-by-phone-number
        """
        return self._id(look("topapi/v2/user/getbymobile", mobile=mobile))

    def id_by_union(self, union: str) -> str | None:
        """Return the user id of a union id; None for outsiders and for who left.

        https://open.dingtalk.com/document/development/query-a-user-by-the-union-id
        """
        return self._id(look("topapi/user/getbyunionid", unionid=union))

    def by_address(self, address: str) -> tuple[Person, ...]:
        """Return everybody with this address of e-mail: none, one, or several.

        DingTalk has no look-up by address, so this reads everybody: keep `everybody` where there are many to find.
        """
        return tuple(person for person in self.everybody().values() if person.has_address(address))

    def everybody(self) -> Mapping[str, Person]:
        """Return all people whom the application may see, by user id; one call for a department's hundred people."""
        found: dict[str, Person] = {}
        for department in self.departments():
            for person in self.people_of(department.id):
                known = found.get(person.id)
                found[person.id] = replace(person, leads=person.leads | known.leads) if known else person
        return found

    def people_of(self, department: str) -> Iterator[Person]:
        """Give the people of one department, without those of the departments below."""
        cursor = 0
        for _ in range(_MOST_PAGES):
            call = look(PEOPLE, dept_id=int(department), cursor=cursor, size=_PAGE)
            result = self.answers.result(call, NO_DEPARTMENT)
            if result is None:
                return
            rows = _rows(result, "list")
            for row in rows:
                yield understood(lambda row: _listed(row, department, self.now()), row)
            following = text_of(result.get("next_cursor"))
            if not truth_of(result.get("has_more")):
                return
            if not following.isdecimal() or int(following) <= cursor:
                break
            cursor = int(following)
        raise Malformed("DingTalk's list of a department's people does not end.", body=b"")

    def departments(self, top: str = ROOT) -> Iterator[Department]:
        """Give a department and everything below it, each after its parent; one call for each department."""
        waiting, seen = [Department(top, "", "", self.now())], {top}
        while waiting:
            department = waiting.pop()
            yield department
            call = look("topapi/v2/department/listsub", dept_id=int(department.id))
            for row in _list(self.answers.result(call, NO_DEPARTMENT)):
                child = understood(lambda row: _department(row, self.now()), row)
                if child.id not in seen:
                    seen.add(child.id)
                    waiting.append(child)

    def parents_of(self, department: str) -> tuple[str, ...] | None:
        """Return the way from a department, itself first, up to the root; None where there is no such department.

        https://open.dingtalk.com/document/development/query-the-list-of-all-parent-departments-of-a-department
        """
        call = look("topapi/v2/department/listparentbydept", dept_id=int(department))
        result = self.answers.result(call, NO_DEPARTMENT)
        return None if result is None else understood(lambda row: ids_of(row.get("parent_id_list")), result)

    def roles(self) -> Iterator[Role]:
        """Give all roles."""
        for group in self._pages("topapi/role/list", _ROLES_PAGE):
            name = text_of(group.get("name"))
            for row in _list(group.get("roles")):
                yield understood(lambda row, name=name: _role(row, name), row)  # type: ignore[misc]  # bound as default

    def people_with(self, role: str) -> Iterator[str]:
        """Give the user ids of a role.

        https://open.dingtalk.com/document/development/obtain-the-list-of-employees-of-a-role
        """
        for row in self._pages("topapi/role/simplelist", _PAGE, role_id=int(role)):
            yield understood(lambda row: _required(row, "userid"), row)

    def leavers(self, since: datetime, until: datetime) -> Iterator[Leaver]:
        """Give who left in [since, until), at most 365 days; both aware.

        https://open.dingtalk.com/document/development/query-the-details-of-employees-who-have-left-office
        """
        page = "0"
        for _ in range(_MOST_PAGES):
            span = {"startTime": _iso(since), "endTime": _iso(until), "nextToken": page}
            query = {**span, "maxResults": str(_LEAVERS_PAGE)}
            call = Call("v1.0/contact/empLeaveRecords", method="GET", query=query, repeatable=True)
            said = self.answers.said(call) or {}
            for row in _list(said.get("records")):
                yield understood(_leaver, row)
            following = text_of(said.get("nextToken"))
            if not following:
                return
            if following == page:
                break
            page = following
        raise Malformed("DingTalk's list of those who left does not end.", body=b"")

    def _id(self, call: Call) -> str | None:
        result = self.answers.result(call, NOBODY)
        if result is None:
            return None
        # a contact of the company outside has a user id of its own kind: contact_type 1
        outside = isinstance(result, dict) and text_of(result.get("contact_type")) == "1"
        return None if outside else understood(lambda row: _required(row, "userid"), result)

    def _pages(self, path: str, size: int, **fields: Any) -> Iterator[Mapping[str, Any]]:
        offset = 0
        for _ in range(_MOST_PAGES):
            result = self.answers.result(look(path, size=size, offset=offset, **fields))
            rows = _rows(result, "list")
            for row in rows:
                yield understood(lambda row: row, row)
            if not truth_of(result.get("hasMore")):
                return
            if not rows:
                break
            offset += size
        raise Malformed("DingTalk's list of roles does not end.", body=b"")


def _person(row: Mapping[str, Any], at: datetime) -> Person:
    leads = [
        each for each in _list(row.get("leader_in_dept")) if isinstance(each, dict) and truth_of(each.get("leader"))
    ]
    roles = [_role(each, "") for each in _list(row.get("role_list")) if isinstance(each, dict)]
    return replace(
        _listed(row, "", at),
        leads=frozenset(_required(each, "dept_id") for each in leads),
        roles=tuple(roles) if "role_list" in row else None,
    )


def _listed(row: Mapping[str, Any], department: str, at: datetime) -> Person:
    return Person(
        id=_required(row, "userid"),
        name=text_of(row.get("name")),
        at=at,
        union=id_of(row.get("unionid")),
        mobile=_told(row, "mobile"),
        country=_told(row, "state_code"),
        email=_told(row, "email"),
        work_email=_told(row, "org_email"),
        number=text_of(row.get("job_number")),
        title=text_of(row.get("title")),
        manager=id_of(row.get("manager_userid")),
        departments=ids_of(row.get("dept_id_list")),
        leads=frozenset({department} if department and truth_of(row.get("leader")) else ()),
        active=truth_of(row.get("active", True)),
    )


def _department(row: Mapping[str, Any], at: datetime) -> Department:
    return Department(_required(row, "dept_id"), text_of(row.get("name")), id_of(row.get("parent_id")), at)


def _role(row: Mapping[str, Any], group: str) -> Role:
    return Role(_required(row, "id"), text_of(row.get("name")), group or text_of(row.get("group_name")))


def _leaver(row: Mapping[str, Any]) -> Leaver:
    how = text_of(row.get("leaveReason"))
    known = how in {each.value for each in Leaving}
    return Leaver(
        id=_required(row, "userId"),
        name=text_of(row.get("name")),
        left_at=_when(text_of(row.get("leaveTime"))),
        how=Leaving(how) if known else Leaving.UNKNOWN,
        mobile=_told(row, "mobile"),
        country=_told(row, "stateCode"),
    )


def _when(text: str) -> datetime | None:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read.astimezone(UTC) if read.tzinfo else None


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _required(row: Mapping[str, Any], name: str) -> str:
    found = id_of(row.get(name))
    if not found:
        raise NotPlain(f"it has no {name}")
    return found


def _told(row: Mapping[str, Any], name: str) -> str | None:
    return text_of(row[name]) or None if name in row else None


def _list(value: Any) -> list[Any]:
    """Return a list; one object that stands for a list, as some samples print it, is one of one."""
    if value is None:
        return []
    if isinstance(value, dict):
        return [value]
    if isinstance(value, list):
        return value
    raise Malformed("DingTalk's answer has no list where one belongs.", body=b"")


def _rows(result: Any, name: str) -> list[Any]:
    if not isinstance(result, dict):
        raise Malformed("DingTalk's answer has no page where one belongs.", body=b"")
    return _list(result.get(name))
