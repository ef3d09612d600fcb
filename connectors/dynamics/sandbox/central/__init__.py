"""The API v2.0 of Business Central."""
