"""The refusals of the API, by the codes of the vendor's table.

See https://learn.microsoft.com/dynamics365/business-central/dev-itpro/webservices/dynamics-error-codes
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from connectors.dynamics.sandbox.refusal import Refusal


def refuse(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Refusal:
    """Return a refusal; each message ends with the id under which the vendor's support finds it."""
    return Refusal(status, code, f"{message}  CorrelationId:  {uuid.uuid4()}.", headers)


def no_resource(name: str) -> Refusal:
    """Return the 404 of an unknown segment."""
    return refuse(404, "BadRequest_ResourceNotFound", f"Resource not found for the segment '{name}'.")


def no_token() -> Refusal:
    """Return the 400 of a change without the version that it is meant for."""
    message = (
        "Could not validate the client concurrency token required by the service. "
        "Please provide a valid token in the client request."
    )
    return refuse(400, "BadRequest_InvalidToken", message)


def changed(status: int) -> Refusal:
    """Return the refusal of a change to what somebody else changed meanwhile."""
    return refuse(status, "Request_EntityChanged", "Another user has already changed the record.")
