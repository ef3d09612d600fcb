"""Relays to compare with: they take the same events and post the same kind of message, and promise less."""
