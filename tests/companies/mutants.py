"""The rules of clearance, each as the change of the product's text that takes it out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.companies.findings import Wrong

CLEARANCE, AUDIENCE, CLEARANCES = "pipelines/stages/clearance.py", "pipelines/audience.py", "pipelines/clearances.py"
SEEN = frozenset({Wrong.NOT_CLEARED, Wrong.NOT_READ, Wrong.NOT_VOUCHED, Wrong.WORD_BROKEN})
MISSED = frozenset({Wrong.NOT_SHOWN, Wrong.NOT_DETAILED})


@dataclass(frozen=True, slots=True)
class Cut:
    """A text that stands exactly once in a file, and what stands there instead."""

    file: str
    text: str
    instead: str

    def made(self, tree: Path) -> None:
        """Change the file below `tree`. Raises ValueError when the text is not there, or more than once."""
        path = tree / self.file
        source = path.read_text("utf-8")
        if source.count(self.text) != 1:
            raise ValueError(f"{self.file} has {source.count(self.text)} times: {self.text}")
        path.write_text(source.replace(self.text, self.instead), "utf-8")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A rule that is taken out, and what must be found then: one of these at least."""

    rule: str
    cuts: tuple[Cut, ...]
    found: frozenset[Wrong] = SEEN


MUTANTS = (
    Mutant(
        "of a message's fields those alone are shown whose classes all readers may see",
        (Cut(CLEARANCE, "if of.get(name) in classes}", "}"),),
    ),
    Mutant(
        "a pointer shows no field",
        (Cut(CLEARANCE, "if route.policy is Policy.POINTER:", "if not route:"),),
        frozenset({Wrong.NOT_POINTED}),
    ),
    Mutant(
        "a word counts on its days alone",
        (Cut(CLEARANCE, "word is not None and word.on <= today <= word.until]", "word is not None]"),),
        frozenset({Wrong.NOT_VOUCHED}),
    ),
    Mutant(
        "a word decides of no class that has clearances where readers can be listed",
        (
            Cut(
                CLEARANCE,
                "granted = frozenset[str]().union(*(word.classes for word in holding)) - decided",
                "granted = frozenset[str]().union(*(word.classes for word in holding))",
            ),
        ),
        frozenset({Wrong.NOT_CLEARED}),
    ),
    Mutant(
        "a word is on the group as it was",
        (
            Cut(
                CLEARANCE,
                "holding = [word for word in words if audience is None or audience.outlives(word.at or audience.attested_at)]",
                "holding = words",
            ),
        ),
        frozenset({Wrong.WORD_BROKEN}),
    ),
    Mutant(
        "what rests on who the readers are waits until they were asked for",
        (Cut(CLEARANCE, "    return bool(promised) and any(", "    return not promised and any("),),
    ),
    Mutant(
        "somebody from outside is cleared for nothing",
        (
            Cut(CLEARANCE, "if audience is not None and audience.outsiders:", "if not words and not destination:"),
            Cut(AUDIENCE, "if not self.cleared or self.outsiders:", "if not self.cleared:"),
        ),
        frozenset({Wrong.NOT_CLEARED}),
    ),
    Mutant(
        "every reader must be cleared, not one of them",
        (
            Cut(
                AUDIENCE,
                "self.ruled.intersection(*self.cleared.values())",
                "self.ruled & frozenset[str]().union(*self.cleared.values())",
            ),
        ),
        frozenset({Wrong.NOT_CLEARED}),
    ),
    Mutant(
        "a role clears those who have it",
        (Cut(CLEARANCES, "for name in one.roles if name in traits.roles)", "for name in one.roles)"),),
        frozenset({Wrong.NOT_CLEARED}),
    ),
    Mutant(
        "a department clears those who are in it",
        (Cut(CLEARANCES, "for name in one.departments if name in traits.departments", "for name in one.departments"),),
        frozenset({Wrong.NOT_CLEARED}),
    ),
    Mutant(
        "people are cleared by their id",
        (Cut(CLEARANCES, "if traits.user in one.people:", "if one.people:"),),
        frozenset({Wrong.NOT_CLEARED}),
    ),
    Mutant(
        "departments below count as well",
        (Cut(CLEARANCES, '            at = parents.get(at, "")', '            at = ""'),),
        MISSED,
    ),
)
