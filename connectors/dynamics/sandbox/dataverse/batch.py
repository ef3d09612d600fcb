"""Many requests in one, as parts of multipart/mixed; those of a change set succeed or fail together.

See https://learn.microsoft.com/power-apps/developer/data-platform/webapi/execute-batch-operations-using-web-api
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from email.message import Message
from email.parser import BytesParser
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.responses import Response

from connectors.dynamics.sandbox.dataverse.api import Call, Handler, refused
from connectors.dynamics.sandbox.odata import address, options
from connectors.dynamics.sandbox.refusal import Refusal

MOST = 1000


@dataclass(frozen=True, slots=True)
class Part:
    """One request of a batch. `number` is its Content-ID."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    number: str = ""


def run(call: Call, handle: Handler) -> Response:
    """Answer a batch. Raises `Refusal` 400."""
    groups = [_group(part) for part in _parts(call.headers.get("content-type", ""), call.body)]
    if sum(len(parts) for _whole, parts in groups) > MOST:
        raise Refusal(400, "0x80048d1a", f"The number of operations in a batch exceeds the limit of {MOST}.")
    boundary, answers, status = f"batchresponse_{uuid.uuid4()}", [], 200
    for whole, parts in groups:
        responses = _together(call, parts, handle) if whole else [_one(call, part, handle) for part in parts]
        answers.append(_change_set(responses) if whole else _written(responses[0]))
        failed = next((r.status_code for r in responses if r.status_code >= 400), 0)
        # A-DYNAMICS-22: what the whole says of a part that failed
        if failed and not call.prefer.has("continue-on-error"):
            status = failed
            break
    return Response(
        _joined(boundary, answers), status, {"OData-Version": "4.0"}, f"multipart/mixed; boundary={boundary}"
    )


def _together(call: Call, parts: Sequence[Part], handle: Handler) -> list[Response]:
    """Answer a change set: one refusal undoes it, and is its only answer."""
    before = call.org.store.save()
    responses: list[Response] = []
    made: dict[str, str] = {}
    for part in parts:
        response = _one(call, _resolved(part, made), handle)
        if response.status_code >= 400:
            call.org.store.restore(before)
            return [response]
        made[part.number] = response.headers.get("OData-EntityId", "")
        responses.append(response)
    return responses


def _resolved(part: Part, made: Mapping[str, str]) -> Part:
    """Put the address of what an earlier part made in the place of `$1`."""
    url, body = part.url, part.body.decode()
    for number, made_url in made.items():
        if number:
            url = made_url if url == f"${number}" else url
            body = body.replace(f'"${number}"', f'"{made_url}"')
    return replace(part, url=url, body=body.encode())


def _one(call: Call, part: Part, handle: Handler) -> Response:
    split = urlsplit(part.url)
    path = split.path if split.path.startswith("/api/data/") else f"{urlsplit(call.root).path}/{split.path.lstrip('/')}"
    below = path.split("/", 4)[4] if path.count("/") >= 4 else ""
    try:
        return handle(
            replace(
                call,
                method=part.method,
                segments=address.segments(below),
                options=options.read(split.query),
                headers=part.headers,
                body=part.body,
            )
        )
    except Refusal as refusal:
        return refused(refusal)


def _parts(content_type: str, body: bytes) -> Sequence[Message]:
    if not content_type.startswith("multipart/mixed"):
        raise Refusal(400, "0x80048d19", "A batch has to be multipart/mixed.")
    message = BytesParser().parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    payload = message.get_payload()
    if not isinstance(payload, list):
        raise Refusal(400, "0x80048d19", "A batch has to have parts.")
    return [part for part in payload if isinstance(part, Message)]


def _group(message: Message) -> tuple[bool, Sequence[Part]]:
    """Return whether a part is a change set, and the requests in it."""
    if message.get_content_type() != "multipart/mixed":
        return False, [_request(message)]
    payload = message.get_payload()
    parts = payload if isinstance(payload, list) else []
    return True, [_request(part) for part in parts if isinstance(part, Message)]


def _request(message: Message) -> Part:
    text = bytes(message.get_payload(decode=True) or b"")
    head, _, body = text.replace(b"\r\n", b"\n").partition(b"\n\n")
    first, *lines = head.decode().strip().split("\n")
    words = first.split(" ")
    if len(words) != 3:
        raise Refusal(400, "0x80048d19", f"Not a request: {first}")
    headers = {name.strip().casefold(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Part(words[0], words[1], headers, body.strip(), str(message.get("Content-ID", "")))


def _written(response: Response) -> bytes:
    phrase = HTTPStatus(response.status_code).phrase
    headers = "".join(f"{name}: {value}\r\n" for name, value in response.headers.items() if name != "content-length")
    head = f"Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nHTTP/1.1 {response.status_code} {phrase}"
    return f"{head}\r\n{headers}\r\n".encode() + bytes(response.body)


def _change_set(responses: Sequence[Response]) -> bytes:
    if len(responses) == 1 and responses[0].status_code >= 400:
        return _written(responses[0])
    boundary = f"changesetresponse_{uuid.uuid4()}"
    head = f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n".encode()
    return head + _joined(boundary, [_written(response) for response in responses])


def _joined(boundary: str, parts: Sequence[bytes]) -> bytes:
    mark = f"--{boundary}\r\n".encode()
    return b"".join(mark + part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode()
