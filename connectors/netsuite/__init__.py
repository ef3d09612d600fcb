"""Oracle NetSuite as a source: what changed in an account, and decisions carried back into it."""
