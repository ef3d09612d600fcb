"""What somebody asks of the robot: a command and what it is about, however it was typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

LONGEST = 100
"""Characters of what is asked about; numbers of records are shorter."""

# a Chinese keyboard gives the ideographic comma where another has the slash
_COMMAND = re.compile(r"(?:^|(?<=\s))[/、]([^\W\d_]+)(?![\w/])(.*)")
_MENTION = re.compile(r"(?:^|(?<=\s))@\S+")
_AROUND = " .,:;!?'\"`()[]{}<>~…、。「」『』《》〈〉【】〔〕“”‘’·"
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−"), "-")


@dataclass(frozen=True, slots=True)
class Asked:
    """A command by its name, and what it is about: empty where that was left out."""

    command: str
    about: str = ""


def asked(text: str, commands: Collection[str]) -> Asked | None:
    """Return which of `commands` a text gives; None where it gives none.

    The robot's name before it, full-width forms, capitals, invisible characters and punctuation around it do not count.
    """
    for line in _plain(text).splitlines():
        found = _COMMAND.search(line)
        if found is not None and found[1].casefold() in commands:
            return Asked(found[1].casefold(), _about(found[2]))
    return None


def same(one: str, other: str) -> bool:
    """Tell whether two ways to write a record's number mean the same; capitals and full-width forms do not count."""
    return _about(_plain(one)).casefold() == _about(_plain(other)).casefold()


def _plain(text: str) -> str:
    # the robot's name is set apart by spaces that look like none; a number holds no invisible character
    seen = (" " if unicodedata.category(c) == "Zs" else c for c in unicodedata.normalize("NFKC", text))
    shown = "".join(c for c in seen if unicodedata.category(c) != "Cf")
    # a name may end where the command begins
    return re.sub(r"^(\s*@[^/、\n]*)(?=[/、])", " ", shown).translate(_DASHES)


def _about(text: str) -> str:
    return " ".join(_MENTION.sub("", text).split()).strip(_AROUND)[:LONGEST]
