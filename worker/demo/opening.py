"""Before the day begins: the twins, the bridge file, the bridge itself, each ready before the next."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from worker.demo.erps import BusinessCentral, Dataverse, NetSuite
from worker.demo.outside import Chat, Crm, Shop, ZohoCrm, session
from worker.demo.patience import Patience
from worker.demo.processes import Child, Processes
from worker.ledger.engine import Ledger
from worker.ledger.seal import Sealer, master_key

FILES = ("bridge.yaml", "erps.yaml")
"""The bridge file and what it includes."""

ADDRESSES: Mapping[str, tuple[str, str]] = {
    "https://example.my.salesforce.com": ("salesforce", "base_url"),
    "https://accounts.zoho.com": ("zoho", "accounts_url"),
    "https://example.suitetalk.api.netsuite.com": ("netsuite", "base_url"),
    "https://example.crm5.dynamics.com": ("dynamics", "base_url"),
    "https://login.example.crm5.dynamics.com": ("dynamics", "base_url"),
    "https://login.example.dynamics.com": ("dynamics", "base_url"),
    "https://api.example.dynamics.com": ("dynamics", "base_url"),
}
"""What stands in these files where the address of a twin goes: the twin, and what it calls that address."""

ROBOTS: Mapping[str, str] = {
    "robot-sales-hk": "SALES",
    "robot-management": "MANAGEMENT",
    "robot-operations": "OPERATIONS",
    "robot-purchasing": "PURCHASING",
}
"""The beginning of the names of each robot's secrets in the environment."""

LIMIT: Mapping[str, float] = {"count": 3, "window": 8, "block": 10}
"""What DingTalk lets the robot of Operations send, in seconds; the bridge file declares the same."""

_RELAY = "relay listens on "


@dataclass(frozen=True, slots=True)
class Opened:
    """Everything that runs, and the ways to it."""

    crm: Crm
    partners: ZohoCrm
    netsuite: NetSuite
    central: BusinessCentral
    dataverse: Dataverse
    shop: Shop
    chat: Chat
    ledger: Ledger


def open_company(folder: Path, processes: Processes, patience: Patience) -> Opened:
    """Start everything in `folder` and return when it answers. Raises `DemoFault`."""
    twins = processes.start("twins", ["sandbox", "--json", "--supervised"], {})
    described = msgspec.json.decode(patience.until("the twins", lambda: twins.printed("{")))
    chat, robots = _chat(described["dingtalk"])
    chat.limit("robot-operations", LIMIT)
    netsuite = NetSuite(described["netsuite"]["base_url"], session())
    netsuite.add_margin()
    central = BusinessCentral(described["dynamics"]["base_url"], session())
    central.hurry()
    key = secrets.token_hex(16)
    bridge = _bridge(folder, processes, {**described, "dingtalk": {"robots": robots}}, key)

    def address() -> str:
        found = patience.until("the relay", lambda: bridge.printed(_RELAY))
        return found.removeprefix(_RELAY).replace("SOURCE", "shop")

    address()
    ledger = Ledger(f"sqlite:///{folder / 'ledger.sqlite3'}", Sealer(master_key(None, folder / "master.key")))
    crm = Crm(described["salesforce"]["base_url"], session())
    partners = ZohoCrm(described["zoho"]["base_url"], session())
    dataverse = Dataverse(described["dynamics"]["base_url"], session())
    return Opened(crm, partners, netsuite, central, dataverse, Shop(address, key, session()), chat, ledger)


def _chat(described: Mapping[str, Any]) -> tuple[Chat, list[Mapping[str, Any]]]:
    """Return the chat with one group more, and the robots in all of them."""
    groups = {group["id"]: group["name"] for group in described["groups"]}
    chat = Chat(described["chat_page"], described["control"], {**groups, "cid-purchasing": "Purchasing"}, session())
    return chat, chat.open("purchasing", ("u-dora", "u-eli"))


def _bridge(folder: Path, processes: Processes, described: Mapping[str, Any], key: str) -> Child:
    """Write the bridge file and start the bridge with it: a private Valkey, relay with scheduler, worker."""
    for name in FILES:
        text = files("worker.demo").joinpath(name).read_text("utf-8")
        for address, (twin, called) in ADDRESSES.items():
            text = text.replace(address, described[twin][called])
        (folder / name).write_text(text, "utf-8")
    port = _free_port()
    environment = {
        "DINGBRIDGE_CONFIG": str(folder / FILES[0]),
        "DINGBRIDGE_STATE_DIR": str(folder),
        "DINGBRIDGE_RELAY_PORT": str(port),
        "DINGBRIDGE_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "DINGBRIDGE_TICK_S": "0.25",
        "DINGBRIDGE_LOG_JSON": "false",
        "CRM_SECRET": described["salesforce"]["client_secret"],
        "PARTNERS_SECRET": described["zoho"]["client_secret"],
        "PARTNERS_TOKEN": described["zoho"]["refresh_token"],
        "NETSUITE_KEY": described["netsuite"]["certificates"]["ES256"]["private_key"],
        "DYNAMICS_SECRET": described["dynamics"]["client_secret"],
        "BUSINESS_CENTRAL_STATE": secrets.token_hex(16),
        "SHOP_KEY": key,
    }
    for robot in described["dingtalk"]["robots"]:
        name = ROBOTS[robot["id"]]
        environment |= {f"{name}_WEBHOOK": robot["webhook"], f"{name}_SECRET": robot["secret"]}
    return processes.start("up", ["up", "--supervised"], environment)


def _free_port() -> int:
    """Return a port for the relay: who calls it is told its address before it listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
