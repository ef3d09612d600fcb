"""Any system that pushes JSON signed with HMAC-SHA256."""

from __future__ import annotations

from connectors.contract import Acts, Authorises, Capability, Connector, Guarantee, Reads, Receives
from connectors.generic.client import build
from connectors.generic.settings import GenericSettings

__all__ = ["CONNECTOR"]

CONNECTOR = Connector(
    name="generic",
    title="Signed JSON webhook",
    settings=GenericSettings,
    build=build,
    fulfils=frozenset({Receives}),
    fulfils_also=lambda settings: frozenset({Acts, Authorises, Reads} if settings.write_back else ()),
    grants=(
        "Let the sender post JSON to /hooks/SOURCE of the relay, by way of a proxy that speaks https.",
        "Give the sender the shared key; it signs the raw body with HMAC-SHA256.",
        "For decisions, let the system answer the five requests that the connector's README describes (write_back).",
    ),
    capabilities=(
        Capability(
            "genuine",
            Guarantee.YES,
            "Every push is verified by HMAC-SHA256 over the raw body, in constant time, before anything is parsed.",
            "https://www.rfc-editor.org/rfc/rfc2104",
        ),
        Capability(
            "replay",
            Guarantee.PARTLY,
            "An old push is refused where the sender signs a time; where it signs the body alone, a repeated body is "
            "recognised by its version.",
            "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
        ),
        Capability(
            "numbers",
            Guarantee.YES,
            "Numbers arrive digit by digit as decimals; none passes through binary floating point.",
            "https://www.rfc-editor.org/rfc/rfc8259#section-6",
        ),
        Capability(
            "order",
            Guarantee.PARTLY,
            "By the sender's time where the settings name one, else by arrival, which senders do not keep in order.",
            "https://docs.stripe.com/webhooks",
        ),
        Capability(
            "completeness",
            Guarantee.NO,
            "Nobody lists what the sender has: what it gives up on is not found again.",
            "https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries",
        ),
        Capability(
            "write back",
            Guarantee.PARTLY,
            "Where the system speaks the protocol (`write_back`): on the condition of the version that was seen, once for a "
            "key, looked up where an answer was lost. Otherwise a webhook goes one way.",
            "https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1",
        ),
        Capability(
            "may somebody do it",
            Guarantee.PARTLY,
            "Asked of the system where it speaks the protocol.",
            "https://www.rfc-editor.org/rfc/rfc9110#section-15.5.4",
        ),
    ),
)
