"""Serves the twins; nothing else in production imports a `sandbox` package."""
