"""Uploading a file, and fetching one that a person sent to the robot.

https://open.dingtalk.com/document/development/upload-media-files
https://open.dingtalk.com/document/development/download-the-file-content-of-the-robot-receiving-message
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from connectors.dingtalk.sandbox.api.answers import OldRefusal, bad
from connectors.dingtalk.sandbox.api.endpoint import Call, Endpoint
from connectors.dingtalk.sandbox.api.fields import text
from connectors.dingtalk.sandbox.api.uploads import Upload
from connectors.dingtalk.sandbox.media.shelf import File
from connectors.dingtalk.sandbox.robots.sends import PERMISSION
from connectors.dingtalk.sandbox.state import State

MEGABYTE = 1_048_576
KINDS: Mapping[str, tuple[int, tuple[str, ...]]] = {
    "image": (20 * MEGABYTE, ("jpg", "jpeg", "gif", "png", "bmp")),
    "voice": (2 * MEGABYTE, ("amr", "mp3", "wav")),
    "video": (20 * MEGABYTE, ("mp4",)),
    "file": (20 * MEGABYTE, ("doc", "docx", "xls", "xlsx", "ppt", "pptx", "zip", "pdf", "rar")),
}


class MediaCalls:
    """The calls for files."""

    def __init__(self, state: State) -> None:
        """Keep the files in `state`."""
        self._state = state

    def endpoints(self) -> Sequence[Endpoint]:
        """Return the calls."""
        return [
            Endpoint("POST", "/media/upload", self._upload, writes="media_id", paid=True),
            Endpoint("POST", "/v1.0/robot/messageFiles/download", self._download, PERMISSION, paid=True),
        ]

    def _upload(self, call: Call) -> Mapping[str, Any]:
        type_, upload = text(call.given, "type"), call.given.get("media")
        if type_ not in KINDS or not isinstance(upload, Upload) or not upload.body:
            raise OldRefusal(40004, "不合法的媒体文件类型")
        most, endings = KINDS[type_]
        # A-DINGTALK-141: the page names endings and sizes, and one code
        if len(upload.body) > most or upload.name.rpartition(".")[2].lower() not in endings:
            raise OldRefusal(40004, "不合法的媒体文件类型")
        shelf = self._state.shelf
        file = File(
            shelf.media_id(type_), type_, upload.name, upload.content_type, upload.body, call.at, call.app.client_id
        )
        shelf.uploaded[file.id] = file
        return {"type": type_, "media_id": file.id, "created_at": round(call.at * 1000)}

    def _download(self, call: Call) -> Mapping[str, Any]:
        robot, code = text(call.given, "robotCode"), text(call.given, "downloadCode")
        if not robot or not code:
            raise bad("invalidParameter.robotCode.empty", "机器人robotCode为空")
        file = self._state.shelf.sent.get(code)
        if file is None:
            raise bad("invalidParameter.robotCode.downloadCode", "下载码有误或者已经过期")
        if file.owner != robot or robot != call.app.robotcode:
            raise bad("invalidParameter.robotCode.auth", "此downloadCode和机器人robotCode不匹配")
        return {"downloadUrl": f"{call.base}/__sandbox/files/{quote(code, safe='')}"}
