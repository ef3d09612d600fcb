"""The vendor's own SDK for Stream mode, in an environment of its own."""
