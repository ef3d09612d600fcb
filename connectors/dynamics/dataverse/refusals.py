"""Why Dataverse did not take a write, as a sentence for the person who decided.

https://learn.microsoft.com/power-apps/developer/data-platform/reference/web-service-error-codes
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from connectors.odata import Fault

NO_IMPERSONATION = "0x8004a110"
"""CannotActOnBehalfOfAnotherUser."""
NOT_GUARDED = "0x80060883"
"""OptimisticConcurrencyNotEnabled."""
_COMPANYS = frozenset({"0x80040265", "0x80040224"})
"""A plug-in ended the write. Its message is the company's own sentence for whoever saves (A-DYNAMICS-205)."""
_LONGEST = 300

_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "0x80048408": "Dataverse does not take this state and status together: correct them in the settings.",
        "0x80100005": "Dataverse closes such a record by a call of its own, and not by its status.",
        "0x80040237": "Another record in Dataverse has this value already, and it must be unique.",
        "0x80060892": "Another record in Dataverse has this value already, and it must be unique.",
        "0x80044331": "Dataverse does not take a value: it is too long, or outside of what its column allows.",
        "0x8004f507": "You may not change a column that is secured in Dataverse.",
        "0x80040217": "A record that the change names is not in Dataverse.",
    }
)


def reason(fault: Fault) -> str:
    """Return the sentence; of the vendor's own text only what a plug-in or the state's rule says."""
    code = fault.code.lower()
    if code in _COMPANYS and fault.message.strip():
        return f"Dataverse refused it: {_line(fault.message)}"
    # Closing a case has no code of its own that is documented (A-DYNAMICS-206).
    if "can not be used to set the state" in fault.message:
        return _REASONS["0x80100005"]
    return _REASONS.get(code, f"Dataverse refused it ({fault.code or f'HTTP {fault.status}'}).")


def _line(message: str) -> str:
    text = re.sub(r"\s+", " ", message).strip()
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"
