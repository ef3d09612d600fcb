"""The vendor's errors in REST.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156570709583.html
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

ABOUT = "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html"
SEARCH = "Invalid search query. Detailed unprocessed description follows. "


class ApiError(Exception):
    """A refusal. `place` says where it lies: o:errorPath, o:errorQueryParam, o:errorHeader or o:urlPath."""

    def __init__(self, status: int, code: str, detail: str, place: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.place = place or {}

    def body(self) -> dict[str, Any]:
        """Return the error as the vendor writes it."""
        # the vendor's page prints this title with 429
        title = HTTPStatus.BAD_REQUEST.phrase if self.status == 429 else HTTPStatus(self.status).phrase
        detail = {"detail": self.detail, **self.place, "o:errorCode": self.code}
        return {"type": ABOUT, "title": title, "status": self.status, "o:errorDetails": [detail]}


def no_record() -> ApiError:
    """Return the error for an id that leads to nothing."""
    return ApiError(404, "NONEXISTENT_ID", "Record does not exist.")


def bad_query(text: str) -> ApiError:
    """Return the error for a SuiteQL query that cannot run."""
    return ApiError(400, "INVALID_PARAMETER", SEARCH + text, {"o:errorQueryParam": "q"})


def bad_parameter(name: str, text: str) -> ApiError:
    """Return the error for a parameter of the URL."""
    return ApiError(400, "INVALID_PARAMETER", text, {"o:errorQueryParam": name})


def bad_header(name: str, text: str) -> ApiError:
    """Return the error for a header."""
    return ApiError(400, "INVALID_HEADER", text, {"o:errorHeader": name})


def bad_content(path: str, text: str) -> ApiError:
    """Return the error for a place in the body."""
    place = {"o:errorPath": path} if path else {}
    return ApiError(400, "INVALID_CONTENT", f"Error while accessing resource: {text}", place)


def user_error(text: str) -> ApiError:
    """Return the error for what the account's own rules refuse."""
    return ApiError(400, "USER_ERROR", f"Error while accessing a resource. {text}")


def unsupported(what: str) -> ApiError:
    """Return the answer to what the vendor knows and the twin does not."""
    return ApiError(501, "SANDBOX_UNSUPPORTED", f"The sandbox does not know {what}; the vendor may.")
