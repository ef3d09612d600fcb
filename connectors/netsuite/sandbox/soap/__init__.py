"""SuiteTalk by SOAP, for reading: search, its further pages, get, and what was deleted.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/chapter_N3477815.html
"""
