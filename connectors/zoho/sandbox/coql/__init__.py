"""COQL: the subset that a reader of records needs."""
