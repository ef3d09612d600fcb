"""The part of SOQL that the twin knows: one object, its parents, conditions, order, limit and offset."""
