"""Clients of DingTalk that others wrote, unchanged, against the twin."""
