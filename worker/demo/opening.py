"""Before the day begins: the twins, the bridge file, the bridge itself, each ready before the next."""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from worker.demo.chat import STAFF, Chat
from worker.demo.erps import BusinessCentral, Dataverse, NetSuite
from worker.demo.outside import Crm, Shop, ZohoCrm, session
from worker.demo.patience import Patience
from worker.demo.processes import Child, Processes
from worker.demo.telling import ZONE
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
    "dingtalk.com": ("dingtalk", "api"),
}
"""What stands in these files where the address of a twin goes: the twin, and what it calls that address."""

ROBOTS: Mapping[str, str] = {
    "robot-management": "MANAGEMENT",
    "robot-operations": "OPERATIONS",
    "robot-purchasing": "PURCHASING",
    "robot-warehouse": "WAREHOUSE",
    "robot-export": "EXPORT",
}
"""The beginning of the names of each robot's secrets in the environment."""

OPENED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "purchasing": ("Purchasing", ("u-dora", "u-eli")),
    "warehouse": ("Warehouse", ("u-eli", "u-fang")),
    "export": ("Export", ("u-chen", "u-fang")),
}
"""Groups that the company opens beside those of the twin: name and people."""

DIRECTOR, SELLER = "u-amy", "u-ben"
SALES = (DIRECTOR, SELLER, "u-chen")
"""Who is in the group of Sales."""

SELLER_ADDRESS = "ben@harbour.example"

ITEMS = tuple(f"Tea tin {size} g" for size in range(50, 600, 50))
"""What lies in the warehouse beside the crates."""

HOURS = "22:00-08:00"
"""What stands in the bridge file where the hours go in which Export is left in peace."""

NIGHT_AT_LEAST_S = 8.0
SLOWER = 4
"""The night lasts at least so much longer than the twins took to start, because the bridge has to start in it."""

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
    morning: datetime
    """When the quiet hours of Export end."""


def open_company(folder: Path, processes: Processes, patience: Patience) -> Opened:
    """Start everything in `folder` and return when it answers. Raises `DemoFault`."""
    began = time.monotonic()
    twins = processes.start("twins", ["sandbox", "--json", "--supervised"], {})
    described = msgspec.json.decode(patience.until("the twins", lambda: twins.printed("{")))
    starting_s = time.monotonic() - began
    chat = _chat(described["dingtalk"])
    netsuite = NetSuite(described["netsuite"]["base_url"], session())
    netsuite.add_margin()
    central = BusinessCentral(described["dynamics"]["base_url"], session())
    central.hurry()
    central.stock(ITEMS)
    key = secrets.token_hex(16)
    morning = morning_after(datetime.now(ZONE), starting_s)
    described = {**described, "dingtalk": {**described["dingtalk"], "robots": chat.robots()}}
    bridge = _bridge(folder, processes, described, key, morning)

    def address() -> str:
        found = patience.until("the relay", lambda: bridge.printed(_RELAY))
        return found.removeprefix(_RELAY).replace("SOURCE", "shop")

    address()
    ledger = Ledger(f"sqlite:///{folder / 'ledger.sqlite3'}", Sealer(master_key(None, folder / "master.key")))
    crm = Crm(described["salesforce"]["base_url"], session())
    partners = ZohoCrm(described["zoho"]["base_url"], session())
    dataverse = Dataverse(described["dynamics"]["base_url"], session())
    return Opened(crm, partners, netsuite, central, dataverse, Shop(address, key, session()), chat, ledger, morning)


def _chat(described: Mapping[str, Any]) -> Chat:
    """Return the chat with all groups and robots of the company."""
    there = {group["id"].removeprefix("cid-"): group["name"] for group in described["groups"]}
    opened = {destination: name for destination, (name, _) in OPENED.items()}
    people = {user["id"]: user["name"] for user in described["users"]}
    groups = {**there, **opened, STAFF: "chats with one person"}
    chat = Chat(described["chat_page"], described["control"], groups, people, session())
    for destination, (_, members) in OPENED.items():
        chat.open(destination, members)
    chat.limit("robot-operations", LIMIT)
    chat.give_address(SELLER, SELLER_ADDRESS)
    return chat


def morning_after(now: datetime, starting_s: float) -> datetime:
    """Return the first full minute after `now` (aware) that leaves the bridge time to start; files know no seconds.

    `starting_s` is how long the twins took to start on this machine.
    """
    least = timedelta(seconds=max(NIGHT_AT_LEAST_S, SLOWER * starting_s))
    return (now + least).replace(second=0, microsecond=0) + timedelta(minutes=1)


def _bridge(folder: Path, processes: Processes, described: Mapping[str, Any], key: str, morning: datetime) -> Child:
    """Write the bridge file and start the bridge with it: a private Valkey, relay with scheduler, worker."""
    for name in FILES:
        text = files("worker.demo").joinpath(name).read_text("utf-8")
        for address, (twin, called) in ADDRESSES.items():
            text = text.replace(address, described[twin][called])
        text = text.replace(HOURS, f"{morning - timedelta(hours=8):%H:%M}-{morning:%H:%M}")
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
        "OFFICE_SECRET": described["dingtalk"]["apps"][0]["client_secret"],
    }
    for robot in described["dingtalk"]["robots"]:
        if robot["id"] in ROBOTS:
            name = ROBOTS[robot["id"]]
            environment |= {f"{name}_WEBHOOK": robot["webhook"], f"{name}_SECRET": robot["secret"]}
    return processes.start("up", ["up", "--supervised"], environment)


def _free_port() -> int:
    """Return a port for the relay: who calls it is told its address before it listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
