"""NetSuite as a source: what changed in an account."""
