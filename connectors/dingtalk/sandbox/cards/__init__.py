"""Interactive cards: one thing that many people see, each with their own data, and that changes after it was sent."""
