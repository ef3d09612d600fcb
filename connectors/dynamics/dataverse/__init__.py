"""Dataverse, the database of Dynamics 365 Sales and Service, as a source."""
