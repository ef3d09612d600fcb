"""What an operator edits: process settings and the bridge file."""
