"""Connectors that stand in for the real ones: one that is asked, one that receives, one that delivers."""
