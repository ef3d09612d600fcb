"""Everything that runs: ledger, relay, Celery, dispatch, command line."""
