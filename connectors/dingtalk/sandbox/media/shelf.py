"""The files that the vendor keeps, by media id and by download code."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class File:
    """A file: `type` is image, voice, video or file, `at` Unix seconds, `owner` the Client ID or robotCode it is for."""

    id: str
    type: str
    name: str
    content_type: str
    body: bytes
    at: float
    owner: str


class Shelf:
    """Files of one twin."""

    def __init__(self) -> None:
        """Start empty."""
        self.uploaded: dict[str, File] = {}
        self.sent: dict[str, File] = {}

    def media_id(self, type_: str) -> str:
        """Return a new media id in the vendor's manner: of images it begins with another sign."""
        return ("@" if type_ == "image" else "$") + secrets.token_urlsafe(24)

    def code(self) -> str:
        """Return a new download code, which is base64."""
        return base64.b64encode(secrets.token_bytes(48)).decode()
