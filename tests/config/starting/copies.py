"""Copies of the starting mappings as somebody has them who filled in what is asked for."""

from __future__ import annotations

import shutil
from pathlib import Path

from config import starting

KEY = "0123456789abcdef0123456789abcdef"
ENVIRON = {
    **dict.fromkeys(("DINGTALK_SECRET", "SALESFORCE_SECRET", "ZOHO_CLIENT_SECRET", "ZOHO_REFRESH_TOKEN"), "a-secret"),
    **dict.fromkeys(("DATAVERSE_CLIENT_SECRET", "BUSINESS_CENTRAL_SECRET"), "a-secret"),
    **dict.fromkeys(("NETSUITE_PUSH_KEY", "DATAVERSE_WEBHOOK_KEY", "BUSINESS_CENTRAL_STATE"), KEY),
    **dict.fromkeys(("SHOP_KEY", "SHOP_WRITE_BACK_KEY"), KEY),
}
CRMS, ERPS = ("dataverse", "salesforce", "zoho"), ("business-central", "netsuite", "shop")


def copied(folder: Path, *chosen: str) -> Path:
    """Copy the chosen systems with their cases and the bridge file, with keys in the files that they name."""
    for file in starting.files(chosen):
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(starting.text(file), "utf-8")
    for key in ("netsuite.pem", "salesforce.pem"):
        (folder / starting.SYSTEMS / key).write_text("a private key", "utf-8")
    return Path(shutil.copy(starting.bridge(), folder))
