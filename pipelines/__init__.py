"""Decisions: from a record to notices, from notices to messages. No vendor, no database, no clock of its own."""
