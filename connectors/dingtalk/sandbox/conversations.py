"""The conversations that a person has, or, without a person, all of them."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.dingtalk.sandbox.centre.tickets import TODO, todo_chat
from connectors.dingtalk.sandbox.notices.tasks import WORK, work_chat
from connectors.dingtalk.sandbox.reading import people_of
from connectors.dingtalk.sandbox.robots.sent import SINGLE, single_chat
from connectors.dingtalk.sandbox.state import State


@dataclass(frozen=True, slots=True)
class Conversation:
    """One line of the list. `robot` is the Client ID of an application that hears what is written here."""

    id: str
    name: str
    people: int = 2
    external: bool = False
    robot: str = ""
    group: bool = False


def find(state: State, id_: str, viewer: str = "") -> Conversation | None:
    """Return a conversation by its id, under the name that the person who looks reads."""
    group = state.company.groups.get(id_)
    if group is not None:
        robot = next((app.client_id for app in state.apps.by_id.values() if app.robotcode in group.robots), "")
        people = len(group.members) + len(group.outsiders)
        return Conversation(group.id, group.name, people, bool(group.outsiders), robot, group=True)
    user = people_of(state, id_)
    if not user or user[0] not in state.company.users:
        return None
    middle = id_.partition(":")[2].rpartition(":")[0]
    other = "" if user[0] == viewer else f" and {state.company.users[user[0]].name}"
    if id_.startswith(SINGLE) and (app := state.apps.of_robot(middle)):
        return Conversation(id_, f"{app.name}{other}", robot=app.client_id)
    if id_.startswith(WORK) and middle.isdigit() and (app := state.apps.of_agent(int(middle))):
        return Conversation(id_, f"Work notices of {app.name}{other}")
    if id_.startswith(TODO):
        return Conversation(id_, "To-dos" + other.replace(" and ", " of ", 1))
    return None


def of(state: State, user: str) -> list[Conversation]:
    """Return what stands in a person's list; without a person the groups and every other chat that was used."""
    ids = [group.id for group in state.company.groups.values() if not user or user in group.members]
    if user:
        ids += [single_chat(app.robotcode, user) for app in state.apps.by_id.values()]
        ids += [work_chat(app.agent_id, user) for app in state.apps.by_id.values()]
        ids += [id_ for id_ in (todo_chat(user),) if state.log.count_in(id_)]
    else:
        ids += [id_ for id_ in state.log.conversations() if id_ not in state.company.groups]
    return [one for id_ in ids if (one := find(state, id_, user)) is not None]
