"""The robot of an application: what it sends to people and groups, and what people write to it."""
