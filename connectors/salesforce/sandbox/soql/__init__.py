"""The part of SOQL that the twin knows: an object with its parents and children, conditions, order, limit, offset."""
