"""Microsoft's business applications."""
