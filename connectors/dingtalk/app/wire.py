"""One request to DingTalk and its bounded answer; nothing of it stands in an error or a log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import requests
from urllib3.exceptions import HTTPError

from connectors.contract import Retryable, Unknown
from connectors.endpoint import MOST_BYTES
from connectors.transport import NotSent

_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}
_JSON = {"Content-Type": "application/json; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Request:
    """A request. Its address and its headers may hold a token, its body a secret."""

    method: str
    url: str = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Wire:
    """The way to DingTalk. `timeout` is (connect, read) in seconds; threads share the session's connections."""

    session: requests.Session
    timeout: tuple[float, float]

    def send(self, request: Request) -> tuple[int, bytes]:
        """Send once; return the status and at most 1 MiB of the body.

        Raises Retryable where no byte left this machine, Unknown where no whole answer came.
        """
        headers = {**_HEADERS, **(_JSON if request.body is not None else {}), **request.headers}
        try:
            answer = self.session.request(
                request.method,
                request.url,
                data=request.body,
                headers=headers,
                timeout=self.timeout,
                allow_redirects=False,
                stream=True,
            )
            with answer:
                return answer.status_code, answer.raw.read(MOST_BYTES, decode_content=True)
        except NotSent as error:
            raise Retryable(
                "DingTalk could not be reached: check the network, the proxy and the certificate authority.",
                detail=str(error),
            ) from None
        except (requests.RequestException, HTTPError, OSError) as error:
            raise Unknown(
                "The request went out and no whole answer came back: it may have been carried out.",
                detail=type(error).__name__,
            ) from None
