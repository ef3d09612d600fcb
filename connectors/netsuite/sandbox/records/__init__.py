"""Records by REST: reading, listing, writing, approving.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/chapter_1540811107.html
"""
