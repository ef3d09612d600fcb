"""Tests of the starting mappings."""
