"""The part of SuiteQL that the twin knows: tables with joins, conditions, functions, groups, order.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156257770590.html
"""
