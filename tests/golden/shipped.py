"""The starting mappings of a connector, loaded as an operator loads them."""

from __future__ import annotations

import importlib
import shutil
import tempfile
from functools import cache
from pathlib import Path

from config.bridge import load
from pipelines.plan import FieldMap, FieldType, Kind
from tests.golden.rows import Row

BRIDGE = """\
version: 1
include: mappings/*.yaml
destinations:
  sales: {connector: dingtalk, zone: Asia/Hong_Kong, locale: en, settings: {kind: robot, webhook: env:HOOK}}
"""
ENVIRON = {
    "SALESFORCE_SECRET": "secret-1",
    "ZOHO_CLIENT_SECRET": "client-secret-1",
    "ZOHO_REFRESH_TOKEN": "1000.refresh",
    "HOOK": "https://oapi.dingtalk.com/robot/send?access_token=" + "0" * 64,
}


class Unmapped(AssertionError):
    """The starting mapping does not read what the oracle asks for."""


def spec_of(row: Row) -> FieldMap:
    """Return the operator's entry of the row, else that of the starting mapping. Raises Unmapped."""
    if row.mapping is not None:
        given = dict(row.mapping)
        return FieldMap(name="told", type=FieldType(given.pop("type")), **given)
    kinds = [kind for (_, name), kind in _kinds(row.vendor).items() if name == row.kind]
    found = [spec for kind in kinds for spec in kind.fields if spec.path in _paths(row)]
    if not found:
        raise Unmapped(f"{row.id}: the starting mapping of {row.vendor} {row.kind} has no field {row.field}")
    return found[0]


def _paths(row: Row) -> set[str]:
    """What the field may be called in a mapping: a link by itself or by the name behind it."""
    link = {row.field.removesuffix(".Name") + "Id"} if row.field.endswith(".Name") else set()
    behind = {path for path in row.described if path.startswith(f"{row.field}.")}
    return {row.field} | link | behind


@cache
def _kinds(vendor: str) -> dict[tuple[str, str], Kind]:
    package = importlib.import_module(f"connectors.{vendor}")
    with tempfile.TemporaryDirectory() as folder:
        bridge = Path(folder) / "bridge.yaml"
        bridge.write_text(BRIDGE, encoding="utf-8")
        shutil.copytree(Path(str(package.__file__)).parent / "mappings", bridge.parent / "mappings")
        return dict(load(bridge, environ=ENVIRON).plan.kinds)
