"""Connectors that live in other repositories."""
