from __future__ import annotations

import base64
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from worker.ledger.seal import KEY_BYTES, KeyFault, Sealer, Unsealable, master_key

ROOT = Path(__file__).parents[2]
LABEL = b"inbox"
PLAIN = "金額 1,000,000".encode()
RACER = """
import sys
from pathlib import Path
from worker.ledger.seal import master_key
sys.stdin.readline()
print(master_key(None, Path(sys.argv[1])).hex())
"""


@pytest.fixture
def sealer() -> Sealer:
    return Sealer(os.urandom(KEY_BYTES))


def test_what_is_sealed_comes_back(sealer: Sealer) -> None:
    key = sealer.fresh()
    sealed = key.seal(PLAIN, LABEL)
    assert PLAIN not in sealed
    assert sealer.open(key.wrapped).unseal(sealed, LABEL) == PLAIN


def test_nothing_is_sealed_twice_alike(sealer: Sealer) -> None:
    key = sealer.fresh()
    assert key.seal(PLAIN, LABEL) != key.seal(PLAIN, LABEL)
    assert key.wrapped != sealer.fresh().wrapped


def test_a_payload_of_another_column_is_not_read(sealer: Sealer) -> None:
    key = sealer.fresh()
    with pytest.raises(Unsealable, match="does not fit its key"):
        key.unseal(key.seal(PLAIN, LABEL), b"snapshot")


@pytest.mark.parametrize("at", [0, 11, 12, -1])
def test_one_flipped_bit_is_noticed(sealer: Sealer, at: int) -> None:
    key = sealer.fresh()
    sealed = bytearray(key.seal(PLAIN, LABEL))
    sealed[at] ^= 1
    with pytest.raises(Unsealable, match="the row was changed outside dingbridge"):
        key.unseal(bytes(sealed), LABEL)


@pytest.mark.parametrize("at", [4, 20, -1])
def test_one_flipped_bit_of_a_data_key_is_noticed(sealer: Sealer, at: int) -> None:
    wrapped = bytearray(sealer.fresh().wrapped)
    wrapped[at] ^= 1
    with pytest.raises(Unsealable, match="does not fit the master key"):
        sealer.open(bytes(wrapped))


@pytest.mark.parametrize("length", [0, 3, 12, 20])
def test_what_was_cut_off_is_noticed(sealer: Sealer, length: int) -> None:
    key = sealer.fresh()
    with pytest.raises(Unsealable):
        key.unseal(key.seal(PLAIN, LABEL)[:length], LABEL)
    with pytest.raises(Unsealable):
        sealer.open(key.wrapped[:length])


def test_another_master_key_is_named_as_the_cause(sealer: Sealer) -> None:
    with pytest.raises(Unsealable, match="another master key: give that one in DINGBRIDGE_MASTER_KEY"):
        Sealer(os.urandom(KEY_BYTES)).open(sealer.fresh().wrapped)


def test_what_was_erased_stays_unreadable(sealer: Sealer) -> None:
    with pytest.raises(Unsealable, match="data key was erased"):
        sealer.open(None)
    with pytest.raises(Unsealable, match="it was kept for its time and is gone, or it was erased"):
        sealer.fresh().unseal(None, LABEL)


def test_a_key_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="has 16 bytes and must have 32"):
        Sealer(b"k" * 16)


def test_the_key_file_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "state" / "master.key"
    first = master_key(None, path)
    assert len(first) == KEY_BYTES
    assert master_key(None, path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["master.key"]


def test_a_given_key_makes_no_file(tmp_path: Path) -> None:
    given = os.urandom(KEY_BYTES)
    assert master_key(base64.b64encode(given).decode(), tmp_path / "master.key") == given
    assert list(tmp_path.iterdir()) == []


def test_a_key_file_written_by_hand_may_end_with_a_line_break(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    path.write_bytes(base64.b64encode(b"k" * KEY_BYTES) + b"\n")
    assert master_key(None, path) == b"k" * KEY_BYTES


@pytest.mark.parametrize("content", [b"", b"not base64!", base64.b64encode(b"short")])
def test_a_file_that_holds_no_key_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "master.key"
    path.write_bytes(content)
    with pytest.raises(KeyFault, match=f"{path} is not 32 bytes in base64: put back the one of the backup"):
        master_key(None, path)
    assert path.read_bytes() == content


def test_processes_that_start_together_have_one_key(tmp_path: Path) -> None:
    path = tmp_path / "state" / "master.key"
    command = [sys.executable, "-c", RACER, str(path)]
    racers = [
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)}
        )
        for _ in range(4)
    ]
    for racer in racers:
        assert racer.stdin
        racer.stdin.write(b"\n")
        racer.stdin.flush()
    keys = [racer.communicate(timeout=20)[0] for racer in racers]
    assert len(set(keys)) == 1
    assert bytes.fromhex(keys[0].decode()) == master_key(None, path)
    assert [each.name for each in path.parent.iterdir()] == ["master.key"]


def test_what_a_crash_left_in_the_folder_is_no_hindrance(tmp_path: Path) -> None:
    # in a container every process has the same number
    (tmp_path / f"master.{os.getpid()}").touch()
    assert len(master_key(None, tmp_path / "master.key")) == KEY_BYTES
