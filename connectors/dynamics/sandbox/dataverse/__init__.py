"""The Dataverse Web API."""
