"""A destination that gets each message as an interactive card.

https://open.dingtalk.com/document/development/create-and-deliver-cards
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.contract import Budget, Delivery, Draft, Finding, Format, Members, Resend, Services, Unlisted
from connectors.dingtalk.app.allowances import budgets
from connectors.dingtalk.app.calls import Calls
from connectors.dingtalk.app.cards import CREATE, MOST_VALUE_BYTES, Card, Cards, Place
from connectors.dingtalk.app.content import carded, pack_small, shown, unmentioned
from connectors.dingtalk.app.probe import probe_cards
from connectors.dingtalk.app.settings import CardSettings
from connectors.dingtalk.packing import Part
from connectors.dingtalk.people.readers import GroupReaders, NamedReaders

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
        user = settings.user
        self._readers = (
            NamedReaders((user,), services.now) if user else GroupReaders.of(self._calls, settings, services)
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
        seen = shown(_carded(draft))
        names = self._settings
        values = {names.title: seen.title, names.text: seen.text, names.link: seen.url}
        route = names.callback_route or ""
        card = Card(key, names.template, values, preview=seen.title, quiet=names.quiet, route=route)
        return self._cards.freeze(card, self._place)

    def send(self, frozen: bytes) -> Delivery:
        """Create and deliver once; the delivery's handle is the outTrackId."""
        return self._cards.deliver(frozen)


def _carded(draft: Draft) -> Draft:
    """Return a draft whose link, where it has one fact with a link, is left to the template's own variable."""
    plain = unmentioned(draft)
    if plain.format is Format.TEXT:
        return plain
    return carded(Draft(plain.preview, plain.facts, Format.ACTION_CARD, (), plain.open_label), _MOST_LINK)
