"""A destination that gets each message as an interactive card.

https://open.dingtalk.com/document/development/create-and-deliver-cards
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from connectors.contract import (
    Aside,
    Budget,
    Delivery,
    Draft,
    Finding,
    Format,
    Members,
    Resend,
    Seen,
    Services,
    Showing,
    Unlisted,
)
from connectors.dingtalk.app.allowances import budgets
from connectors.dingtalk.app.calls import Calls
from connectors.dingtalk.app.cards import CREATE, MOST_VALUE_BYTES, Card, Cards, Place
from connectors.dingtalk.app.content import carded, pack_small, shown, unmentioned
from connectors.dingtalk.app.probe import probe_cards
from connectors.dingtalk.app.settings import CardSettings
from connectors.dingtalk.markdown import flat, flow
from connectors.dingtalk.packing import Part, cut
from connectors.dingtalk.people.readers import GroupReaders, NamedReaders
from connectors.dingtalk.seen import seen

_MOST_LINK = 1_000


class CardSender:
    """Shows each message as a card of the settings' template; our key names the card, so a resend shows it once."""

    resend = Resend.IDEMPOTENT

    def __init__(self, settings: CardSettings, services: Services) -> None:
        self._settings = settings
        self._calls = Calls(settings.application, services)
        self._cards = Cards(self._calls)
        self._place = Place(settings.conversation or "", settings.user or "")
        self._budgets = budgets(settings.application, CREATE)
        named = (settings.user,) if settings.user else ()
        self._readers = (
            GroupReaders.of(self._calls, settings, services)
            if settings.conversation
            else NamedReaders(named, services.now)
        )

    def budgets(self) -> Sequence[Budget]:
        """Return every quota that a card uses: of the call, of application, organisation and address, of the month."""
        return self._budgets

    @property
    def place(self) -> str:
        """The openConversationId of the group that gets the cards; empty for a person."""
        return self._settings.conversation or ""

    def audience_budgets(self) -> Sequence[Budget]:
        """Return the quotas of listing the group's members; none for a person."""
        return self._readers.budgets

    def members(self) -> Members | Unlisted:
        """Return who gets the cards, or why nobody can say. Raises the contract's errors for what passes."""
        return self._readers.members()

    def probe(self) -> Sequence[Finding]:
        """Ask for a token, and for a change of a card that there is not: that tells of the permission."""
        return probe_cards(self._calls)

    def pack(self, draft: Draft) -> Sequence[Part]:
        """Split `draft` so that each part's text fits one variable of the template (1 KB)."""
        return pack_small(draft, MOST_VALUE_BYTES, lambda part: len(shown(_carded(part)).text.encode()))

    def freeze(self, draft: Draft, key: str) -> bytes:
        """Return the JSON body of one part in UTF-8; `key` becomes its outTrackId."""
        told = shown(_carded(draft))
        names = self._settings
        values = {names.title: told.title, names.text: told.text, names.link: told.url, **self._asked(draft)}
        private = {user: self._private(open_=True) for user in draft.deciders if draft.buttons}
        route = names.callback_route or ""
        card = Card(key, names.template, values, private, preview=told.title, quiet=names.quiet, route=route)
        return self._cards.freeze(card, self._place)

    def seen(self, draft: Draft) -> Seen:
        """Show one part as the template's variables hold it."""
        told = shown(_carded(draft))
        found = seen(told, len(told.text.encode()), MOST_VALUE_BYTES)
        if not draft.buttons:
            return found
        buttons = tuple((button.label, "") for button in draft.buttons)
        return replace(found, text=f"{found.text}\n\n{draft.standing}", links=(*found.links, *buttons))

    def send(self, frozen: bytes) -> Delivery:
        """Create and deliver once; the delivery's handle is the outTrackId."""
        return self._cards.deliver(frozen)

    @property
    def pressed_in(self) -> str:
        """The conversation or, of a chat with the robot, the person: what a press calls `spaceId`."""
        return self._settings.conversation or self._settings.user or ""  # A-DINGTALK-420

    @property
    def company(self) -> str:
        """The CorpId of the application's organisation, which a press names as well; empty where it is not given."""
        return self._settings.application.corp_id or ""  # A-DINGTALK-421

    @property
    def reader(self) -> str:
        """The person in whose chat with the robot the cards stand; empty for a group."""
        return self._settings.user or ""

    @property
    def aside(self) -> Aside:
        """The template's private variables by which one reader is told something and loses the buttons."""
        return Aside(self._settings.note, self._settings.may_decide)

    def show(self, key: str, showing: Showing) -> None:
        """Change state, standing and buttons of the card of `key`. Raises the contract's errors.

        https://open.dingtalk.com/document/development/interactive-card-update-interface
        """
        names = self._settings
        values = {names.state: "open" if showing.open else "closed", names.standing: _line(showing.standing)}
        private = {user: self._private(open_=showing.open) for user in showing.deciders}
        for user, note in showing.notes.items():
            private[user] = {**private.get(user, {}), names.note: _line(note)}
        self._cards.update(key, values, private)

    def _asked(self, draft: Draft) -> dict[str, str]:
        """Return the variables of a card that asks for a decision; of another one there are none."""
        if not draft.buttons:
            return {}
        names = self._settings
        labels = {button.id: button.label for button in draft.buttons}
        return {**labels, names.standing: _line(draft.standing), names.state: "open", names.may_decide: "false"}

    def _private(self, *, open_: bool) -> Mapping[str, str]:
        return {self._settings.may_decide: "true" if open_ else "false", self._settings.note: ""}


def _line(text: str) -> str:
    """Return a line as markdown in which nothing links or mentions, as long as one variable may be."""
    return flow(cut(flat(text), MOST_VALUE_BYTES, lambda piece: len(flow(piece).encode()))[0])


def _carded(draft: Draft) -> Draft:
    """Return a draft whose link, where it has one fact with a link, is left to the template's own variable."""
    plain = unmentioned(draft)
    if plain.format is Format.TEXT:
        return plain
    return carded(replace(plain, format=Format.ACTION_CARD), _MOST_LINK)
