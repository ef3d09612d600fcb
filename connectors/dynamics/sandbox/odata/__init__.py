"""The part of OData 4.0 that Dataverse and Business Central share: query options and filters."""
