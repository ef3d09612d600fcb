"""Microsoft Dynamics 365: Dataverse (Sales, Customer Service) and Business Central."""
