"""A receiver of HTTP events whose encryption is dingtalk-sdk's; it tells each event as a line of JSON."""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from dingtalk.crypto import DingTalkCrypto  # type: ignore[import-not-found]  # it lives in an environment of its own

GIVEN: dict[str, str] = json.loads(sys.argv[1])
CRYPTO = DingTalkCrypto(GIVEN["token"], GIVEN["aes_key"], GIVEN["owner"])


def tell(what: str, **more: Any) -> None:
    sys.stdout.write(json.dumps({"what": what, **more}) + "\n")
    sys.stdout.flush()


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        body = self.rfile.read(int(self.headers["content-length"]))
        told = CRYPTO.decrypt_message(body, query["msg_signature"], query["timestamp"], query["nonce"])
        tell("event", event=json.loads(told))
        answer = json.dumps(CRYPTO.encrypt_message("success")).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


def main() -> None:
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    tell("listening", port=server.server_port)
    server.serve_forever()


if __name__ == "__main__":
    main()
