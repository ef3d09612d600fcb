"""Cases beside the routes: a record in, and who must be told what, or why nobody."""

from __future__ import annotations

from config.casebook.case import Case, Message, Situation, Untold
from config.casebook.read import read_cases, read_situation

__all__ = ["Case", "Message", "Situation", "Untold", "read_cases", "read_situation"]
