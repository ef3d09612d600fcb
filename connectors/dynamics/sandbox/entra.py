"""The token endpoint of Microsoft Entra: client credentials with a secret or with a certificate.

See https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
and, for errors, https://learn.microsoft.com/entra/identity-platform/reference-error-codes
"""

from __future__ import annotations

import hmac
import uuid
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
from jwt.types import Options
from starlette.requests import Request
from starlette.responses import Response

from connectors.dynamics.sandbox import moments
from connectors.dynamics.sandbox.directory import (
    CENTRAL_RESOURCE,
    TENANT_DOMAIN,
    TENANT_ID,
    Application,
    Directory,
    Resource,
)
from connectors.dynamics.sandbox.wire import answer, base_url

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LOGIN = "https://login.microsoftonline.com"
SKEW_S = 300


class GrantError(Exception):
    """A refusal: the OAuth error, the AADSTS number and what it says."""

    def __init__(self, error: str, number: int, says: str, status: int = 400) -> None:
        super().__init__(f"AADSTS{number}: {says}")
        self.error = error
        self.number = number
        self.status = status

    def body(self) -> dict[str, Any]:
        """Return the answer's body."""
        trace, correlation, stamp = uuid.uuid4(), uuid.uuid4(), f"{moments.now():%Y-%m-%d %H:%M:%SZ}"
        return {
            "error": self.error,
            "error_description": f"{self} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}",
            "error_codes": [self.number],
            "timestamp": stamp,
            "trace_id": str(trace),
            "correlation_id": str(correlation),
            "error_uri": f"{LOGIN}/error?code={self.number}",
        }


class TokenEndpoint:
    """`POST /{tenant}/oauth2/v2.0/token`, and the document that names it."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def serve(self, request: Request) -> Response:
        """Answer 200 with a token, or an error object."""
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
        try:
            granted = self._grant(request, form)
        except GrantError as error:
            return answer(error.body(), error.status, {"cache-control": "no-store, no-cache"})
        return answer(granted, 200, {"cache-control": "no-store, no-cache"})

    async def document(self, request: Request) -> Response:
        """Return the OpenID configuration of a tenant."""
        base = f"{base_url(request)}/{request.path_params['tenant']}"
        return answer(
            {
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "issuer": f"{base}/v2.0",
                "jwks_uri": f"{base}/discovery/v2.0/keys",
            }
        )

    def _grant(self, request: Request, form: dict[str, str]) -> dict[str, Any]:
        _check_tenant(str(request.path_params["tenant"]))
        if "grant_type" not in form:
            raise _missing("grant_type")
        if form["grant_type"] != "client_credentials":
            raise GrantError(
                "unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{form['grant_type']}'."
            )
        application = self._application(form)
        self._authenticate(request, form, application)
        if "scope" not in form:
            raise _missing("scope")
        seconds = int(self._directory.settings.token_seconds)
        return {
            "token_type": "Bearer",
            "expires_in": seconds,
            "ext_expires_in": seconds,
            "access_token": self._directory.issue(application.client_id, _resource(request, form["scope"])),
        }

    def _application(self, form: dict[str, str]) -> Application:
        if "client_id" not in form:
            raise _missing("client_id")
        found = self._directory.applications.get(form["client_id"].lower())
        if found is None:
            says = (
                f"Application with identifier '{form['client_id']}' was not found in the directory '{TENANT_DOMAIN}'."
            )
            raise GrantError("unauthorized_client", 700016, says)
        return found

    def _authenticate(self, request: Request, form: dict[str, str], application: Application) -> None:
        if "client_assertion" in form:
            if form.get("client_assertion_type") != ASSERTION:
                raise _missing("client_assertion_type")
            _check_assertion(request, form["client_assertion"], application)
            return
        if "client_secret" not in form:
            says = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
            raise GrantError("invalid_client", 7000218, says, 401)
        if not hmac.compare_digest(form["client_secret"].encode(), application.secret.encode()):
            says = (
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret "
                f"value, not the client secret ID, for a secret added to app '{application.client_id}'."
            )
            raise GrantError("invalid_client", 7000215, says, 401)


def _check_tenant(tenant: str) -> None:
    if tenant.lower() not in {TENANT_ID, TENANT_DOMAIN}:
        raise GrantError(
            "invalid_request", 90002, f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID."
        )


def _missing(name: str) -> GrantError:
    return GrantError("invalid_request", 900144, f"The request body must contain the following parameter: '{name}'.")


def _resource(request: Request, scope: str) -> Resource:
    """Return the API that a scope names: the address of the environment, or that of Business Central."""
    address, default, rest = scope.rpartition("/.default")
    if not default or rest:
        says = f"The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid."
        raise GrantError("invalid_scope", 1002012 if scope else 70011, says)
    if address == CENTRAL_RESOURCE:
        return Resource.CENTRAL
    host = urlsplit(address).netloc
    if host == request.headers.get("host") or host.endswith(".dynamics.com"):
        return Resource.DATAVERSE
    says = f"The resource principal named {address} was not found in the tenant named {TENANT_DOMAIN}."
    raise GrantError("invalid_resource", 500011, says)


def _check_assertion(request: Request, assertion: str, application: Application) -> None:
    """Verify a JWT that was signed with the application's certificate.

    See https://learn.microsoft.com/entra/identity-platform/certificate-credentials
    """
    try:
        header = jwt.get_unverified_header(assertion)
    except jwt.InvalidTokenError as error:
        raise GrantError("invalid_request", 50027, "JWT token is invalid or malformed.") from error
    key = application.key
    if header.get("x5t") != key.sha1 and header.get("x5t#S256") != key.sha256:
        says = "Client assertion failed signature validation. The certificate with this identifier is not registered."
        raise GrantError("invalid_client", 700027, says, 401)
    accepted = {
        f"{home}/{name}/{path}"
        for home in (LOGIN, base_url(request))
        for name in (TENANT_ID, TENANT_DOMAIN)
        for path in ("oauth2/v2.0/token", "v2.0")
    }
    options: Options = {"require": ["aud", "iss", "sub", "exp"]}
    try:
        claims = jwt.decode(
            assertion,
            key.public,
            algorithms=["RS256", "PS256"],
            audience=list(accepted),
            leeway=SKEW_S,
            options=options,
        )
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
        says = "Client assertion is not within its valid time range."
        raise GrantError("invalid_client", 700024, says, 401) from error
    except jwt.InvalidAudienceError as error:
        says = "Client assertion audience claim does not match Realm issuer."
        raise GrantError("invalid_client", 700023, says, 401) from error
    except jwt.InvalidTokenError as error:
        raise GrantError("invalid_client", 700027, "Client assertion failed signature validation.", 401) from error
    if claims["iss"] != application.client_id or claims["sub"] != application.client_id:
        says = "Client assertion contains an invalid issuer or subject."
        raise GrantError("invalid_client", 700021, says, 401)
