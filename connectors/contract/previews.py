"""A message as its reader will see it, without sending it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seen:
    """One message as it is seen in the chat.

    `title` stands in the list of chats and on a lock screen; `text` is without the signs that format it, and without
    what differs each time; `links` are the captions that open something, each with its address, and the buttons that
    ask for a decision, with none. Of the `most` bytes that
    one message may have it takes `size`.
    """

    title: str
    text: str
    links: tuple[tuple[str, str], ...]
    size: int
    most: int


@dataclass(frozen=True, slots=True)
class Site:
    """Where a destination is: the vendor's `kind` of it, the host that its messages go to, and the vendor's region."""

    kind: str
    host: str
    region: str
