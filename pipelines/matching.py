"""Which person of a channel is which user of a source: by configured keys, never by name, and only beyond doubt."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum

from connectors.contract import Person

Proof = tuple["Key", str]
"""A key with a user's value of it, in one spelling."""


class Key(StrEnum):
    """What a person and a user may have in common."""

    EMAIL = "email"
    MOBILE = "mobile"
    NUMBER = "number"
    """The number that the company gives its people."""
    UNION = "union"
    USER = "user"


class MatchState(StrEnum):
    """Whether a source's user is known in the channel."""

    MATCHED = "matched"
    NOBODY = "nobody"
    """No key of the user is anybody's."""
    AMBIGUOUS = "ambiguous"
    """The keys are several people's, or the person is several users of the source."""
    LEFT = "left"
    """The person who was matched has left; the keys may be somebody else's by now."""


@dataclass(frozen=True, slots=True)
class Keys:
    """How the users of a source are matched with the people of an application.

    Its users are the records of `kind`, and `fields` name where each key stands in them; without a kind the ids that
    the source has for its users are such keys themselves, of the sort `by`.
    """

    application: str
    kind: str = ""
    fields: Mapping[Key, str] = field(default_factory=dict)
    by: Key | None = None


@dataclass(frozen=True, slots=True)
class SourceUser:
    """A user of a source, with the values of the keys as the source writes them."""

    id: str
    keys: Mapping[Key, str]


@dataclass(frozen=True, slots=True)
class Bond:
    """The person whom a user was matched with last, and by what."""

    user: str = ""
    proofs: frozenset[Proof] = frozenset()


@dataclass(frozen=True, slots=True)
class Matched:
    """What a user of a source came to. `bond` is the person, or the last one; `detail` holds no key's value."""

    source_user: str
    state: MatchState
    bond: Bond
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Company:
    """The people who are there now, by user id, and those who are known to have left."""

    people: Mapping[str, Person]
    gone: Mapping[str, Person]


def match(users: Iterable[SourceUser], company: Company, before: Mapping[str, Bond], *, single: bool) -> list[Matched]:
    """Match users with people. `before` are the bonds of the last time, by user; a bond is to one employment.

    A key that was one person's and is another's now proves nothing by itself: it takes a further one. `single`: a
    person is one user at most.
    """
    owners, former = _owners(company.people), _owners(company.gone)
    found = [_one(user, company, owners, former, before.get(user.id, Bond())) for user in users]
    return _apart(found, before) if single else found


def own_ids(keys: Keys, company: Company, before: Iterable[str]) -> Iterator[SourceUser]:
    """Give the users of a source whose ids are keys themselves: whoever has such a key, or had one."""
    if keys.by is None:
        raise ValueError("the users of this source are records")
    here = (form for person in company.people.values() for form in _forms(keys.by, person))
    for id_ in dict.fromkeys([*here, *before]):
        yield SourceUser(id_, {keys.by: id_})


Owners = Mapping[Proof, AbstractSet[str]]


def _one(user: SourceUser, company: Company, owners: Owners, former: Owners, before: Bond) -> Matched:
    hits = {proof: found for proof in _proofs(user) if (found := _holders(owners, proof))}
    if not hits:
        left = before.user and before.user not in company.people
        state = MatchState.LEFT if left else MatchState.NOBODY
        return Matched(user.id, state, before, "nobody has any of its keys")
    sure = {next(iter(found)) for found in hits.values() if len(found) == 1}
    person = next(iter(sure)) if len(sure) == 1 else ""
    if not person or any(person not in found for found in hits.values()):
        return Matched(user.id, MatchState.AMBIGUOUS, before, _several(hits))
    proofs = frozenset(proof for proof, found in hits.items() if len(found) == 1)
    if before.user in {"", person}:
        passed_on = frozenset(p for p in proofs if _holders(former, p) - {person}) if not before.user else frozenset()
    else:
        passed_on = before.proofs
    if proofs <= passed_on:
        gone = before.user not in company.people
        how = "who had its keys has left" if gone else "its keys are another person's now"
        detail = f"{how}: it takes a further key"
        return Matched(user.id, MatchState.LEFT if gone else MatchState.AMBIGUOUS, before, detail)
    return Matched(user.id, MatchState.MATCHED, Bond(person, frozenset(hits)))


def _several(hits: Mapping[Proof, AbstractSet[str]]) -> str:
    shared = sorted(key for (key, _), found in hits.items() if len(found) > 1)
    if shared:
        return f"several people have its {' and its '.join(shared)}"
    return f"its {' and its '.join(sorted(key for key, _ in hits))} are different people's"


def _apart(found: list[Matched], before: Mapping[str, Bond]) -> list[Matched]:
    users: dict[str, list[str]] = {}
    for one in found:
        if one.state is MatchState.MATCHED:
            users.setdefault(one.bond.user, []).append(one.source_user)
    return [
        Matched(
            one.source_user, MatchState.AMBIGUOUS, before.get(one.source_user, Bond()), "several users are one person"
        )
        if one.state is MatchState.MATCHED and len(users[one.bond.user]) > 1
        else one
        for one in found
    ]


def _owners(people: Mapping[str, Person]) -> dict[Proof, set[str]]:
    owners: dict[Proof, set[str]] = {}
    for id_, person in people.items():
        for key in Key:
            for form in _forms(key, person):
                owners.setdefault((key, form), set()).add(id_)
    return owners


def _forms(key: Key, person: Person) -> set[str]:
    """Return the spellings under which a person's key is found."""
    match key:
        case Key.EMAIL:
            found = {(person.email or "").strip().casefold(), (person.work_email or "").strip().casefold()}
        case Key.MOBILE:
            found = _numbers(person.mobile or "", person.country or "86")
        case Key.NUMBER:
            found = {person.number.strip()}
        case Key.UNION:
            found = {person.union}
        case Key.USER:
            found = {person.id}
    return found - {""}


def _numbers(mobile: str, country: str) -> set[str]:
    spelled = _number(mobile)
    if not spelled.strip("+"):
        return set()
    code = _number(country).lstrip("+")
    return {spelled, spelled.removeprefix(f"+{code}")} if spelled.startswith("+") else {spelled, f"+{code}{spelled}"}


def _number(text: str) -> str:
    digits = re.sub(r"\D", "", text)
    if text.strip().startswith("+"):
        return f"+{digits}"
    return f"+{digits[2:]}" if digits.startswith("00") else digits


def _proofs(user: SourceUser) -> Iterator[Proof]:
    for key, value in user.keys.items():
        spelled = value.strip()
        match key:
            case Key.EMAIL:
                spelled = spelled.casefold()
            case Key.MOBILE:
                spelled = _number(spelled)
        if spelled.strip("+"):
            yield key, spelled


def _holders(owners: Owners, proof: Proof) -> AbstractSet[str]:
    """Return whose key it is; a number without its country's sign may be one with its country's code."""
    key, value = proof
    found = owners.get(proof, frozenset[str]())
    if key is Key.MOBILE and not value.startswith("+"):
        return found | owners.get((key, f"+{value}"), frozenset())
    return found
