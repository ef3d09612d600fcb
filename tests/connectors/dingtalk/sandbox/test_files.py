"""Files: uploaded by the application, and sent to its robot by people."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests import Request

from connectors.dingtalk.sandbox.api.uploads import Upload, form_of
from tests.connectors.dingtalk.sandbox.app import App
from tests.connectors.dingtalk.sandbox.streaming import streaming

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def _upload(app: App, name: str = "chart.png", content: bytes = PNG, **fields: str) -> dict[str, Any]:
    reply = app.twin.http.post(
        f"{app.twin.base}/media/upload",
        params={"access_token": app.token, "type": "image", **fields},
        files={"media": (name, content)},
        timeout=10,
    )
    assert reply.status_code == 200
    told: dict[str, Any] = reply.json()
    return told


@given(st.binary(), st.text())
def test_any_content_survives_the_form(content: bytes, text: str) -> None:
    sent = Request("POST", "http://127.0.0.1", files={"media": ("a.png", content)}, data={"type": text}).prepare()
    assert isinstance(sent.body, bytes)
    found = form_of(sent.headers["content-type"], sent.body)
    file = found["media"]
    assert isinstance(file, Upload)
    assert (found["type"], file.name, file.body) == (text, "a.png", content)


def test_a_file_is_kept_as_it_came(app: App) -> None:
    told = _upload(app)
    assert (told["errcode"], told["type"], told["media_id"][0]) == (0, "image", "@")
    assert app.twin.control("media")["media"] == [
        {"id": told["media_id"], "type": "image", "name": "chart.png", "size": len(PNG)}
    ]
    kept = app.twin.http.get(f"{app.twin.base}/__sandbox/media/{told['media_id']}", timeout=10)
    assert kept.content == PNG


def test_token_and_type_may_stand_in_the_form_as_in_the_vendors_sample(app: App) -> None:
    reply = app.twin.http.post(
        f"{app.twin.base}/media/upload",
        data={"access_token": app.token, "type": "file"},
        files={"media": ("terms.pdf", b"%PDF")},
        timeout=10,
    )
    assert reply.json()["errcode"] == 0
    assert reply.json()["media_id"].startswith("$")


@pytest.mark.parametrize(
    ("name", "content", "type_"),
    [
        ("chart.exe", PNG, "image"),
        ("chart.png", b"", "image"),
        ("chart.png", PNG, "picture"),
        ("a.mp3", b"x" * 2_097_153, "voice"),
    ],
)
def test_what_is_no_such_file_is_refused(app: App, name: str, content: bytes, type_: str) -> None:
    assert _upload(app, name, content, type=type_)["errcode"] == 40004
    assert app.twin.control("media")["media"] == []


def test_without_a_token_nothing_is_uploaded(app: App) -> None:
    assert _upload(app, access_token="none")["errcode"] == 40014


@pytest.mark.parametrize(
    ("kind", "name", "more"),
    [
        ("picture", "a.png", set()),
        ("file", "terms.pdf", {"fileName"}),
        ("audio", "a.amr", {"duration", "recognition"}),
        ("video", "a.mp4", {"duration", "videoType"}),
    ],
)
def test_a_file_from_a_person_is_fetched_by_its_code(app: App, kind: str, name: str, more: set[str]) -> None:
    with streaming(app) as stream:
        file = {"kind": kind, "name": name, "content": base64.b64encode(PNG).decode()}
        app.twin.control("say", {"user": "u-amy", "file": file})
        pushed = stream.frame()["data"]
    assert pushed["msgtype"] == kind
    assert set(pushed["content"]) == {"downloadCode", *more}
    body = {"robotCode": app.id, "downloadCode": pushed["content"]["downloadCode"]}
    url = app.done("POST", "robot/messageFiles/download", body)["downloadUrl"]
    assert app.twin.http.get(url, timeout=10).content == PNG
    wrong = {**body, "downloadCode": "none"}
    assert app.refused("POST", "robot/messageFiles/download", wrong) == "invalidParameter.robotCode.downloadCode"


def test_in_a_group_the_robot_hears_pictures_and_no_files(app: App) -> None:
    with streaming(app) as stream:
        file = {"kind": "file", "name": "terms.pdf", "content": ""}
        told = app.twin.control("say", {"user": "u-amy", "group": "cid-management", "file": file})
        assert told["outcome"].startswith("shown in the group")
        assert stream.quiet()
        picture = {"kind": "picture", "name": "a.png", "content": ""}
        app.twin.control("say", {"user": "u-amy", "group": "cid-management", "file": picture})
        assert stream.frame()["data"]["msgtype"] == "picture"
    assert app.twin.texts("cid-management") == ["@dingbridge [File] terms.pdf", "@dingbridge [Picture]"]
