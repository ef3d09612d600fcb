"""What the checks ask of a vendor's side, whichever it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from connectors.contract import Action
from tests.connectors.sources.desk import Client, Desk

CLOSES = date(2027, 1, 31)


class Lack(StrEnum):
    """What a vendor may not have, so that its checks look for something else."""

    DAY = "a quota of a day"
    WINDOW = "a limit of calls over time"
    WHICH = "a refusal that tells which limit it was"
    CONDITION = "a write on a condition in its header"
    TOKEN = "an access token that is renewed"
    PUSH = "a push of its own, without a script of ours"
    SIGNED_TIME = "a push that signs its time"
    OVERLAP = "a round that reads again what the last one read"
    PLACE = "a page that begins behind the last row alone"
    RESTRICT = "a right to a single field"
    HIDDEN = "a sign that tells what may not be read from what is empty"
    REFUSAL = "a refusal of a field that may not be read"
    RETYPE = "a field that another type is given to while others read"


class Vendor(Protocol):
    """A twin behind its address, and the words that this vendor uses.

    `text` and `date` are fields of `kind`, `deals` the records that it begins with, `page` the rows of a page.
    """

    kind: str
    text: str
    date: str
    page: int
    mend: str
    """What somebody is told to do where a renewal is lost for good; empty where the vendor loses none."""

    @property
    def lacks(self) -> Mapping[Lack, str]:
        """Return why not, with the vendor's page."""
        ...

    @property
    def deals(self) -> Sequence[str]: ...

    def client(self, desk: Desk) -> Client: ...

    def seed(self, count: int, stamp: datetime) -> Sequence[str]:
        """Make records that share one stamp and close at `CLOSES`; return their ids."""
        ...

    def change(
        self, deal: str, text: str, stamp: datetime | None = None, transaction: str = "", field: str = ""
    ) -> None:
        """Write a field of a record, `text` unless it is named, behind the API's back."""
        ...

    def begin(self) -> str: ...

    def commit(self, transaction: str) -> None: ...

    def alter(self, how: str) -> None:
        """Take `date` away: removed, renamed, retyped (to text) or restricted."""
        ...

    def expire_cursors(self, cursor: str) -> None:
        """Forget what the vendor keeps for those who come back; `cursor` is ours."""
        ...

    def expire_tokens(self) -> None: ...

    def rotate(self, *, dies: bool) -> None:
        """Let each renewal give another refresh token, where the vendor does so."""
        ...

    def exhaust(self, client: Client, *, day: bool) -> None:
        """Use up the day's calls (or those of the longest window that there is), or only the places for calls at once."""
        ...

    def renewals(self) -> int: ...

    def arm(self, *, token: bool = False, write: str = "", **fault: Any) -> None:
        """Arm a fault: of renewals, of writes to a record, or of whatever comes next."""
        ...

    def disarm(self) -> None: ...

    def forbidden(self) -> Any:
        """Return the body of this vendor's refusal of a whole kind, where it has no rights to fields."""
        ...

    def refused_token(self) -> Any:
        """Return the body of this vendor's 401."""
        ...

    def set_text(self, client: Client, deal: str, text: str) -> Action:
        """Return what the manager decides, on the record as it is now."""
        ...

    def refused_inside_200(self, client: Client) -> Action:
        """Return a decision that the vendor does not carry out and answers with success."""
        ...

    def writes(self, deal: str) -> Sequence[tuple[int, str]]:
        """Return status and condition (empty: it came without one) of each write to a record."""
        ...

    def listen(self, client: Client, address: str) -> None:
        """Push each change of `kind` to `address`."""
        ...

    def secrets(self) -> Sequence[str]: ...

    def sessions(self) -> Sequence[str]:
        """Return the access tokens that were used so far."""
        ...
