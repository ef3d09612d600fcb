"""The address book of the old host: people, departments and roles."""
