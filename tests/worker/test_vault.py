from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from connectors.contract import Misconfigured, Vault
from tests.contract.case import Secrets
from worker.ledger.engine import Ledger
from worker.ledger.seal import Sealer
from worker.ledger.tables import secret
from worker.live import NoVault
from worker.vault import LedgerVault


def test_it_is_a_vault_and_gives_back_the_last_secret(ledger: Ledger) -> None:
    vault: Vault = LedgerVault(ledger)
    assert vault.load("zoho:amy") is None
    vault.store("zoho:amy", "refresh-1")
    vault.store("zoho:ben", "other")
    vault.store("zoho:amy", "refresh-2")
    assert (vault.load("zoho:amy"), vault.load("zoho:ben")) == ("refresh-2", "other")


def test_nothing_in_the_ledger_shows_the_secret(ledger: Ledger) -> None:
    LedgerVault(ledger).store("zoho:amy", "refresh-secret")
    with ledger.read() as connection:
        row = connection.execute(select(secret)).one()
    assert b"refresh-secret" not in row.content + row.data_key


def test_another_master_key_says_what_to_do(ledger: Ledger) -> None:
    LedgerVault(ledger).store("zoho:amy", "refresh-1")
    ledger.sealer = Sealer(bytes(range(32)))
    with pytest.raises(Misconfigured, match="master key"):
        LedgerVault(ledger).load("zoho:amy")


def test_without_a_ledger_nothing_is_taken_that_could_be_lost() -> None:
    with pytest.raises(Misconfigured, match="db upgrade"):
        NoVault().load("zoho:amy")


def test_the_stand_in_of_the_tests_is_a_vault() -> None:
    vault: Vault = Secrets()
    vault.store("a", "b")
    assert vault.load("a") == "b"


def test_two_that_swap_at_once_lose_no_count(ledger: Ledger) -> None:
    vault = LedgerVault(ledger)

    def add() -> None:
        for _ in range(25):
            while not vault.swap("count", known := vault.load("count"), str(int(known or "0") + 1)):
                pass

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert vault.load("count") == "100"


def test_a_swap_with_an_old_value_changes_nothing(ledger: Ledger) -> None:
    vault = LedgerVault(ledger)
    assert not vault.swap("count", "7", "8")
    assert vault.swap("count", None, "1")
    assert not vault.swap("count", None, "2")
    assert vault.load("count") == "1"
