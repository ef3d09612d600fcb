"""Calls of the older host by dingtalk-sdk, each as its documentation shows."""

from __future__ import annotations

import io
from typing import Any

from acts import play  # type: ignore[import-not-found]  # it lies beside this script
from dingtalk import AppKeyClient  # type: ignore[import-not-found]  # it lives in an environment of its own
from dingtalk.model.message import TextBody  # type: ignore[import-not-found]  # likewise


def token(**who: str) -> Any:
    return AppKeyClient(**who).access_token


def person(user: str, **who: str) -> Any:
    client = AppKeyClient(**who)
    return {
        "details": client.user.get(user),
        "by_union": client.user.get_userid_by_unionid(f"union-{user}"),
        "scopes": client.user.auth_scopes(),
    }


def departments(department: int, **who: str) -> Any:
    client = AppKeyClient(**who)
    return {
        "below": client.department.list(fetch_child=True),
        "next": client.department.list_ids(),
        "details": client.department.get(department),
        "members": client.user.get_dept_member(department),
        "page": client.user.simple_list(department, size=2),
        "with_details": client.user.list(department, offset=2),
    }


def group(chat: str, **who: str) -> Any:
    return AppKeyClient(**who).chat.get(chat)


def upload(name: str, content: str, **who: str) -> Any:
    file = io.BytesIO(content.encode())
    file.name = name
    return AppKeyClient(**who).message.media_upload("file", file)


def notice(agent: int, user: str, text: str, **who: str) -> Any:
    client = AppKeyClient(**who)
    task = client.message.asyncsend_v2(TextBody(text), agent, [user])
    return {"task": task, "result": client.message.getsendresult(agent, task)}


def post(path: str, data: dict[str, Any], **who: str) -> Any:
    return AppKeyClient(**who).post(path, data)


def after_the_token_ended(ended: str, **who: str) -> Any:
    client = AppKeyClient(**who)
    client.cache.access_token.set(value=ended, ttl=7200)
    return {"name": client.user.get("u-amy")["name"], "token": client.access_token}


def failed_events(**who: str) -> Any:
    return AppKeyClient(**who).callback.get_call_back_failed_result()


if __name__ == "__main__":
    play(token, person, departments, group, upload, notice, post, after_the_token_ended, failed_events)
