"""The ways to operators beside DingTalk: mail, and signed JSON. Each call ends in time and raises what went wrong."""

from __future__ import annotations

import hashlib
import hmac
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.message import EmailMessage

import msgspec

from config.operators import Operators, Smtp, Webhook
from connectors.contract import ConnectorError
from connectors.endpoint import Endpoint
from connectors.transport import open_session
from worker.fault import whereabouts
from worker.ledger.faults import Telling
from worker.operators.letter import Letter
from worker.operators.monitor import moment

STEP_S = 10.0
"""For each step of a dialogue with a mail server, which has few; for connecting to a webhook, and for its answer."""

WHOLE_S = 60.0
"""For a whole dialogue with a mail server, once it is connected."""

Way = Callable[[Telling], None]


class NotTold(Exception):
    """The other side did not take it. `str(error)` is for the operator and holds no secret."""


def ways(operators: Operators) -> Mapping[str, Way]:
    """Return the configured ways by name; each raises `NotTold`."""
    found: dict[str, Way] = {}
    if operators.smtp is not None:
        found["smtp"] = _mailer(operators.smtp)
    if operators.webhook is not None:
        found["webhook"] = _poster(operators.webhook)
    return found


def _mailer(of: Smtp) -> Way:
    def mail(telling: Telling) -> None:
        try:
            _mail(of, telling)
        except smtplib.SMTPResponseException as error:
            # the server's words may repeat what it was sent
            raise NotTold(f"the mail server answered {error.smtp_code}") from None
        except smtplib.SMTPRecipientsRefused:
            raise NotTold("the mail server refused every recipient") from None
        except ssl.SSLError as error:
            raise NotTold(f"the mail server's certificate or TLS does not do: {error.reason}") from None
        except (OSError, smtplib.SMTPException) as error:
            raise NotTold(f"the mail server cannot be used: {whereabouts(error)}") from None

    return mail


def _mail(of: Smtp, telling: Telling) -> None:
    if of.security == "tls":
        context = ssl.create_default_context()
        server: smtplib.SMTP = smtplib.SMTP_SSL(of.host, of.port, timeout=STEP_S, context=context)
    else:
        server = smtplib.SMTP(of.host, of.port, timeout=STEP_S)
    cut = threading.Timer(WHOLE_S, _cut, (server,))
    cut.daemon = True
    cut.start()
    try:
        _say(of, server, telling)
    finally:
        cut.cancel()
        server.close()


def _cut(server: smtplib.SMTP) -> None:
    """End a dialogue that takes too long, however often the server says a little."""
    if server.sock is not None:
        with suppress(OSError):
            server.sock.shutdown(socket.SHUT_RDWR)


def _say(of: Smtp, server: smtplib.SMTP, telling: Telling) -> None:
    with server:
        if of.security == "starttls":
            server.starttls(context=ssl.create_default_context())
        if of.user:
            server.login(of.user, of.password.get_secret_value())
        server.send_message(_written(of, telling))


def _written(of: Smtp, telling: Telling) -> EmailMessage:
    letter = msgspec.json.decode(telling.content, type=Letter)
    mail = EmailMessage()
    mail["Subject"] = " ".join(letter.subject.split())
    mail["From"] = of.sender
    mail["To"] = ", ".join(of.to)
    mail["Date"] = moment(telling.created_at)
    # the same over repetitions, so that a mailbox can tell that it has it
    mail["Message-ID"] = f"<{telling.created_at}.{telling.id}@{of.sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("\n\n".join(letter.paragraphs) + "\n")
    return mail


def _poster(of: Webhook) -> Way:
    session = open_session(connect=STEP_S, read=STEP_S, ca=None, proxy=None, pool=1)
    key = of.secret.get_secret_value().encode()

    def post(telling: Telling) -> None:
        at = str(int(datetime.now(UTC).timestamp()))
        signature = hmac.new(key, at.encode() + b"." + telling.content, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-Dingbridge-Id": str(telling.id),
            "X-Dingbridge-Timestamp": at,
            "X-Dingbridge-Signature": f"sha256={signature}",
        }
        try:
            status = Endpoint(session, of.url, headers).post(telling.content).status
        except ConnectorError as error:
            raise NotTold(str(error)) from None
        if not 200 <= status < 300:
            raise NotTold(f"the webhook answered HTTP {status}")

    return post
