"""The checks that a connector has to pass, chosen by what it fulfils.

A connector's test is a case and one line::

    CASE = ConnectorCase(connector=CONNECTOR, settings={...}, secrets=(...,), ...)


    @pytest.mark.parametrize("check", checks_for(CASE), ids=lambda check: check.__name__)
    def test_contract(check: Check) -> None:
        check(CASE)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from connectors.contract import Acts, Authorises, Delivers, Lists, Previews, Pulls, Reads, Receives, Subscribes
from tests.contract import (
    acts,
    authorises,
    closed,
    common,
    delivers,
    lists,
    previews,
    pulls,
    reads,
    receives,
    subscribes,
)
from tests.contract.case import (
    UNREACHABLE,
    Acting,
    Blocking,
    Brings,
    ConnectorCase,
    Locking,
    Proving,
    Push,
    Subscribing,
    local_services,
)

__all__ = [
    "UNREACHABLE",
    "Acting",
    "Blocking",
    "Brings",
    "Check",
    "ConnectorCase",
    "Locking",
    "Proving",
    "Push",
    "Subscribing",
    "checks_for",
    "local_services",
]

Check: TypeAlias = Callable[[ConnectorCase], None]

COMMON: tuple[Check, ...] = (
    common.check_its_name_is_a_word,
    common.check_client_fulfils_what_it_names,
    common.check_build_does_no_network,
    common.check_each_capability_names_a_source,
    common.check_each_setting_is_described,
    common.check_settings_are_closed_and_frozen,
    common.check_settings_have_a_schema,
    common.check_secrets_are_never_shown,
)


def checks_for(case: ConnectorCase) -> Sequence[Check]:
    """Return the checks of what the connector fulfils; ValueError when the case lacks what they need."""
    wanted: tuple[tuple[type, tuple[Check, ...], bool], ...] = (
        (Receives, receives.CHECKS, bool(case.pushes)),
        (Delivers, delivers.CHECKS, bool(case.draft and case.channel and case.unreachable)),
        (Previews, previews.CHECKS, bool(case.draft)),
        (Pulls, pulls.CHECKS, bool(case.source and case.kinds)),
        (Reads, reads.CHECKS, bool(case.source and case.kinds)),
        (Lists, lists.CHECKS, bool(case.source and case.kinds)),
        (Subscribes, subscribes.CHECKS, bool(case.subscriber)),
        (Acts, acts.CHECKS, bool(case.acting)),
        (Authorises, authorises.CHECKS, bool(case.acting)),
    )
    checks = list(COMMON)
    for protocol, some, ready in wanted:
        if protocol in case.connector.fulfils and not ready:
            raise ValueError(f"{case.connector.name} fulfils {protocol.__name__}: give the case its examples")
        if protocol in case.connector.fulfils:
            checks += some
    return checks + [check for part, check in closed.CHECKS.items() if getattr(case, part) is not None]
