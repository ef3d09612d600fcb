"""Several questions in one request.

https://learn.microsoft.com/power-apps/developer/data-platform/webapi/execute-batch-operations-using-web-api
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from connectors.odata import Answer, parsed

MOST = 100
"""Questions in one request. The vendor takes 1000; the time that they need together counts, so fewer are asked."""
_BOUNDARY = "batch_of_questions"
_PART = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"

HEADERS = {
    "Content-Type": f'multipart/mixed; boundary="{_BOUNDARY}"',
    # Without it the vendor stops at the first question that it refuses.
    "Prefer": "odata.continue-on-error",
}


class NotABatch(ValueError):
    """Not the answer to a batch."""


def questions(urls: Sequence[str]) -> bytes:
    """Write the body that asks each of these whole, percent-encoded addresses by GET, in order."""
    lines = []
    for url in urls:
        parts = urlsplit(url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        lines.append(f"--{_BOUNDARY}\r\n{_PART}\r\nGET {target} HTTP/1.1\r\nAccept: application/json\r\n\r\n")
    return "".join([*lines, f"--{_BOUNDARY}--\r\n"]).encode("ascii")


def answers(content_type: str, content: bytes) -> Sequence[Answer]:
    """Read the answers to the questions, in order. Raises NotABatch."""
    found = re.search(r'boundary="?([\w.\'()+,/:=?-]{1,100})"?', content_type)
    if found is None or not content_type.lower().startswith("multipart/mixed"):
        raise NotABatch("the answer has no parts")
    text = b"\n" + content.replace(b"\r\n", b"\n")
    pieces = text.split(b"\n--" + found[1].encode())
    if not pieces[-1].startswith(b"--"):
        raise NotABatch("the answer was cut")
    return tuple(_answers(pieces[1:-1]))


def _answers(pieces: Sequence[bytes]) -> Iterator[Answer]:
    for piece in pieces:
        # Headers of the part, a blank line, the answer's first line and headers, a blank line, its body.
        _, _, answer = piece.partition(b"\n\n")
        head, _, body = answer.partition(b"\n\n")
        status = re.match(rb"HTTP/1\.[01] (\d{3})\b", head)
        if status is None:
            raise NotABatch("a part of the answer is no answer")
        yield Answer(int(status[1]), {}, parsed(body), body)
