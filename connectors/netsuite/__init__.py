"""Oracle NetSuite: records by SuiteTalk REST, SuiteQL and SOAP."""
