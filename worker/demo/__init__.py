"""A small company's day, played against local twins of its vendors: what happens, who is told, and who is not."""
