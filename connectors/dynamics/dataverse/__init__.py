"""Microsoft Dataverse, which holds the data of Dynamics 365 Sales and Customer Service, as a source."""
