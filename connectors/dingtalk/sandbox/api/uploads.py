"""Forms with files, as they are uploaded: https://www.rfc-editor.org/rfc/rfc7578 ."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser

MULTIPART = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Upload:
    """One file."""

    name: str
    content_type: str
    body: bytes


def form_of(content_type: str, body: bytes) -> dict[str, str | Upload]:
    """Return the fields of a form by name: texts, and files; nothing of a body that is no such form."""
    about = Message()
    about["content-type"] = content_type
    boundary = about.get_boundary()
    if about.get_content_type() != MULTIPART or not boundary:
        return {}
    found: dict[str, str | Upload] = {}
    for part in body.split(b"--" + boundary.encode())[1:-1]:
        head, _, told = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = BytesHeaderParser().parsebytes(head + b"\r\n\r\n")
        name = headers.get_param("name", header="content-disposition")
        content = told.removesuffix(b"\r\n")
        file = headers.get_filename()
        found[str(name)] = content.decode("utf-8", "replace") if file is None else _file(file, headers, content)
    return found


def _file(name: str, headers: Message, content: bytes) -> Upload:
    return Upload(name, headers.get_content_type(), content)
