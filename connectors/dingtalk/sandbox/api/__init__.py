"""The two generations of the vendor's API: what is in front of every call, and how each answers."""
