"""The scripted vendor where the method matters, and where several questions may come in one request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

from tests.connectors.dynamics.dataverse.vendor import API, Asked, Said, Script, Vendor, error, serving


class Counter:
    """A vendor's answers by method and path below the Web API's root: the first of a list, then the next; the last stays."""

    def __init__(self) -> None:
        self.vendor = Vendor()
        self.asked: list[Asked] = []
        self._scripts: dict[tuple[str, str], list[Said | Script]] = {}

    @property
    def base(self) -> str:
        return self.vendor.base

    def on(self, method: str, path: str, *answers: Said | Script) -> None:
        self._scripts[method, path] = list(answers)
        self.vendor.on(path, self.answer)

    def calls(self, method: str, path: str = "") -> list[Asked]:
        return [one for one in self.asked if one.method == method and below(one).startswith(path)]

    def answer(self, asked: Asked) -> Said:
        self.asked.append(asked)
        scripts = self._scripts.get((asked.method, below(asked)))
        script = None if not scripts else scripts.pop(0) if len(scripts) > 1 else scripts[0]
        if script is None:
            return error("0x80060888", 404, "Resource not found for the segment.")
        return script if isinstance(script, Said) else script(asked)

    def batch(self, asked: Asked) -> Said:
        """Answer each question as if it came alone, in the form that the vendor's page shows.

        https://learn.microsoft.com/power-apps/developer/data-platform/webapi/execute-batch-operations-using-web-api
        """
        boundary = re.search(r'boundary="?([^";]+)', asked.headers["content-type"])
        assert boundary is not None
        pieces = asked.text.split(f"--{boundary[1]}")
        assert pieces[-1].strip() == "--"
        parts = []
        for piece in pieces[1:-1]:
            line = re.search(r"^GET (\S+) HTTP/1\.1\r$", piece, re.MULTILINE)
            assert line is not None
            assert "Content-Transfer-Encoding: binary\r\n" in piece
            said = self.answer(Asked("GET", line[1], asked.headers, ""))
            head = f"HTTP/1.1 {said.status} Said\r\nContent-Type: application/json; odata.metadata=minimal\r\n"
            text = json.dumps(said.body, indent=1).replace("\n", "\r\n")
            parts.append(
                "--batchresponse_f27ef42d\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
                f"{head}OData-Version: 4.0\r\n\r\n{text}\r\n"
            )
            if said.status >= 400 and "continue-on-error" not in asked.headers.get("prefer", ""):
                break
        body = "".join([*parts, "--batchresponse_f27ef42d--\r\n"]).encode()
        return Said(200, body, {"Content-Type": "multipart/mixed; boundary=batchresponse_f27ef42d"})


def below(asked: Asked) -> str:
    """The path below the Web API's root, decoded."""
    return asked.path.removeprefix(API)


@contextmanager
def counters() -> Iterator[Counter]:
    counter = Counter()
    counter.on("POST", "$batch", counter.batch)
    with serving(counter.vendor):
        yield counter


def no(status: int, code: str = "", message: str = "refused") -> Said:
    return error(code, status, message)
