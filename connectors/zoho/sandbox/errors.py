"""Errors as the vendor words them.

See https://www.zoho.com/crm/developer/docs/api/v8/status-codes.html
"""

from __future__ import annotations

from typing import Any

LOCKED = "You cannot perform this operation as the record is locked."


class ApiError(Exception):
    """A refused call: one error object."""

    def __init__(self, status: int, code: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.details = details or {}

    def body(self) -> dict[str, Any]:
        """Return the error object."""
        return {"code": self.code, "details": self.details, "message": self.message, "status": "error"}


class RowError(ApiError):
    """A refused row: it stands among the results of a call that may be a success."""

    def __init__(self, code: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(400, code, message, details)


def invalid_token() -> ApiError:
    """Return the answer to a token that is unknown, expired or of another data centre."""
    return ApiError(401, "INVALID_TOKEN", "invalid oauth token")


def no_permission(permission: str) -> ApiError:
    """Return the answer to a call that the user's profile does not allow."""
    return ApiError(403, "NO_PERMISSION", "permission denied", {"permissions": [permission]})


def invalid_param(name: str, message: str = "invalid data") -> ApiError:
    """Return the answer to a query parameter that cannot be read."""
    return ApiError(400, "INVALID_DATA", message, {"param_name": name})


def invalid_id() -> ApiError:
    """Return the answer to an id of the path that is none."""
    return ApiError(400, "INVALID_DATA", "the id given seems to be invalid", {"resource_path_index": 1})


def unknown_path() -> ApiError:
    """Return the answer to a path that the vendor does not serve."""
    return ApiError(404, "INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one")


def unknown_module() -> ApiError:
    """Return the answer to a module that is not there."""
    return ApiError(400, "INVALID_MODULE", "The module name given seems to be invalid", {"resource_path_index": 0})
