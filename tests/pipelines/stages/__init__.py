"""Tests of each stage alone."""
