"""The ledger: a relational database that holds the truth. Times are microseconds since the Unix epoch, UTC."""
