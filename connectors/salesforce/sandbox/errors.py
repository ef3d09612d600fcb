"""What the vendor answers when it refuses: a status, a code, a message and the fields concerned."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A refusal of the REST API.

    The body is a JSON array of one object, see
    https://developer.salesforce.com/docs/platform/api-rest/guide/errorcodes.html
    """

    def __init__(self, status: int, code: str, message: str, fields: tuple[str, ...] | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields

    def body(self) -> list[dict[str, Any]]:
        """Return the answer's body; `fields` stands in it only for errors of a write."""
        entry: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            entry["fields"] = list(self.fields)
        return [entry]


def not_found(message: str = "The requested resource does not exist") -> ApiError:
    """Return the 404 of an unknown path, object or record."""
    return ApiError(404, "NOT_FOUND", message)


def session_expired() -> ApiError:
    """Return the 401 of a missing, unknown or expired session."""
    return ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")


def unsupported(what: str) -> ApiError:
    """Return the answer to what the vendor can do and this twin cannot.

    501 is never the vendor's: nobody should take a gap of the twin for a behaviour of the vendor.
    """
    return ApiError(501, "SANDBOX_UNSUPPORTED", f"The sandbox does not know {what}; the vendor does")
