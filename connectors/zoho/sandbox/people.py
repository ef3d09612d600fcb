"""Users, their roles and profiles, and what a profile may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from zoneinfo import ZoneInfo

from connectors.zoho.sandbox import ids
from connectors.zoho.sandbox.errors import no_permission
from connectors.zoho.sandbox.schema import Module

ORG_ZONE = "Asia/Hong_Kong"


class Right(StrEnum):
    """What a profile may do with a module; the value is the word in the vendor's permission names."""

    VIEW = "View"
    CREATE = "Create"
    EDIT = "Edit"
    DELETE = "Delete"


class Access(StrEnum):
    """What a profile may do with a field."""

    READ_WRITE = "read_write"
    READ_ONLY = "read_only"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Role:
    """A place in the hierarchy. `above` is the id of the role that it reports to, 0 for the top."""

    id: int
    name: str
    above: int = 0


@dataclass(frozen=True, slots=True)
class Profile:
    """A set of permissions with a name."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class User:
    """One user of the organisation."""

    id: int
    first: str
    last: str
    email: str
    role: Role
    profile: Profile
    zone: str = ORG_ZONE

    @property
    def name(self) -> str:
        """The full name."""
        return f"{self.first} {self.last}"

    def brief(self) -> dict[str, str]:
        """Return how records name a user."""
        return {"name": self.name, "id": str(self.id), "email": self.email}

    @property
    def tz(self) -> ZoneInfo:
        """The user's own time zone."""
        return ZoneInfo(self.zone)


CEO = Role(ids.ROLES + 1, "CEO")
HEAD = Role(ids.ROLES + 2, "Head of Sales", CEO.id)
SELLER = Role(ids.ROLES + 3, "Sales Person", HEAD.id)
ROLES = {role.id: role for role in (CEO, HEAD, SELLER)}

ADMINISTRATOR = Profile(ids.PROFILES + 1, "Administrator")
STANDARD = Profile(ids.PROFILES + 2, "Standard")
SALES = Profile(ids.PROFILES + 3, "Sales")
PROFILES = {profile.id: profile for profile in (ADMINISTRATOR, STANDARD, SALES)}

INTEGRATION = User(ids.PEOPLE + 1, "Dingbridge", "Integration", "integration@harbour.example", CEO, ADMINISTRATOR)
MANAGER = User(ids.PEOPLE + 2, "Wilmot", "Kestrel", "wilmot@harbour.example", HEAD, STANDARD, "Europe/Lisbon")
SALESPERSON = User(ids.PEOPLE + 3, "Tessa", "Orchid", "tessa@harbour.example", SELLER, SALES)
NEWCOMER = User(ids.PEOPLE + 4, "Abel", "Linden", "abel@harbour.example", SELLER, SALES)
USERS = {user.id: user for user in (INTEGRATION, MANAGER, SALESPERSON, NEWCOMER)}


def find_user(named: str) -> User | None:
    """Find a user by id or address."""
    return next((u for u in USERS.values() if named in {str(u.id), u.email}), None)


@dataclass(slots=True)
class Rules:
    """What is not allowed: everything else is. Modules in `private` show a record to its owner and those above."""

    denied: set[tuple[int, str, Right]] = field(default_factory=set)
    fields: dict[tuple[int, str, str], Access] = field(default_factory=dict)
    private: set[str] = field(default_factory=set)

    def check(self, user: User, module: Module, right: Right) -> None:
        """Raise `ApiError` 403 `NO_PERMISSION` when the user's profile lacks the right."""
        if (user.profile.id, module.name, right) in self.denied:
            raise no_permission(f"Crm_Implied_{right}_{module.name}")

    def access(self, profile: Profile, module: Module, name: str) -> Access:
        """Return what a profile may do with a field."""
        return self.fields.get((profile.id, module.name, name), Access.READ_WRITE)

    def hidden(self, user: User, module: Module) -> frozenset[str]:
        """Return the names of the fields that this user may not see."""
        return frozenset(
            name
            for (profile, owner, name), access in self.fields.items()
            if (profile, owner) == (user.profile.id, module.name) and access is Access.HIDDEN
        )

    def sees(self, user: User, module: Module, values: Mapping[str, object]) -> bool:
        """Tell whether a record is visible to this user."""
        if module.name not in self.private or user.profile == ADMINISTRATOR:
            return True
        owner = USERS.get(_number(values.get("Owner")))
        return owner is not None and (owner.id == user.id or _above(user.role, owner.role))


def _above(role: Role, other: Role) -> bool:
    while other.above:
        if other.above == role.id:
            return True
        other = ROLES[other.above]
    return False


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
