"""An installation that tells by an application of DingTalk, which is the twin's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.processes.installation import Installation, installation
from tests.processes.sender import event, signature

APPLICATION = "{client_id: CLIENT, client_secret: file:app.secret, site: SITE}"
SHOP = """  shop:
    connector: generic
    settings:
      kind: order
      signature: {keys: [env:SHOP_KEY], prefix: "sha256="}
      id: id
      number: number
      time: at
      version: rev"""
SOURCE = """
version: 1
sources:
  SHOP:
    kinds:
      order: {fields: {buyer: {path: buyer, type: text}}}
"""
DESTINATION = "  NAME: {connector: dingtalk, zone: Asia/Hong_Kong, locale: en, settings: SETTINGS}\n"
ROUTE = "  to-NAME: {from: shop.order, to: NAME, title: Order, fields: [buyer], merge: neverMORE}\n"


@contextmanager
def application(folder: Path, places: Mapping[str, str], more: Mapping[str, str]) -> Iterator[Installation]:
    """A started installation that tells each of `places` (settings by name) of every order; `more` is added to routes.

    In the settings APPLICATION and AGENT are the twin's.
    """
    text = SOURCE + "destinations:\n"
    text += "".join(DESTINATION.replace("NAME", name).replace("SETTINGS", place) for name, place in places.items())
    text += "routes:\n"
    text += "".join(ROUTE.replace("NAME", name).replace("MORE", more.get(name, "")) for name in places)
    with installation(folder, text, DINGBRIDGE_TICK_S="0.2", DINGBRIDGE_MONITOR_S="1") as parts:
        sign_in(parts, folder, text)
        parts.start()
        yield parts


def sign_in(parts: Installation, folder: Path, text: str) -> dict[str, Any]:
    """Write a bridge file with the twin's first application, and that one's secret; returns the application.

    In `text` `SHOP:` stands for a source of orders, to which its kinds are added, and APPLICATION for how to sign in.
    """
    app: dict[str, Any] = parts.sink.ask("GET", "")["apps"][0]
    words = {"  SHOP:": SHOP, "APPLICATION": APPLICATION, "CLIENT": app["client_id"], "AGENT": str(app["agent_id"])}
    for word, value in (words | {"SITE": parts.sink.base}).items():
        text = text.replace(word, value)
    (folder / "bridge.yaml").write_text(text)
    secret = folder / "app.secret"
    secret.write_text(app["client_secret"])
    secret.chmod(0o600)
    return app


def push(parts: Installation, number: str, **fields: str) -> None:
    """Send an order, which is taken."""
    body = event("order", number, 1, **{"buyer": "Harbour Trading", **fields})
    url = f"http://127.0.0.1:{parts.port}/hooks/shop"
    assert requests.post(url, body, headers={"X-Signature": signature(body)}, timeout=10).status_code == 200
