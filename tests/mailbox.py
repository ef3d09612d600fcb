"""A mail server in a thread, as small as a test needs it."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Mailbox:
    """What came: whole mails, recipients, lines of the dialogue. With `refuses` it takes no recipient."""

    port: int = 0
    refuses: bool = False
    mails: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


class _Dialogue(socketserver.StreamRequestHandler):
    timeout = 10

    def handle(self) -> None:
        box: Mailbox = self.server.box  # type: ignore[attr-defined]  # put there by `mailbox`
        self.wfile.write(b"220 mailbox\r\n")
        while line := self.rfile.readline().decode().strip():
            box.lines.append(line)
            word = line.upper().split()[0]
            if word == "RCPT" and not box.refuses:
                box.recipients.append(line.partition(":")[2])
            if word == "DATA":
                self.wfile.write(b"354 go on\r\n")
                box.mails.append(b"".join(iter(self.rfile.readline, b".\r\n")))
            refused = word == "RCPT" and box.refuses
            answers = {"AUTH": b"535 no\r\n", "QUIT": b"221 bye\r\n", "EHLO": b"250-mailbox\r\n250 AUTH PLAIN\r\n"}
            self.wfile.write(b"550 no\r\n" if refused else answers.get(word, b"250 ok\r\n"))
            if word == "QUIT":
                return


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    with _Server(("127.0.0.1", 0), _Dialogue) as server:
        server.box = box  # type: ignore[attr-defined]  # read by the dialogues
        box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield box
        server.shutdown()
        thread.join(5)
