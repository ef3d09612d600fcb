"""Answers to who speaks to the robot: only of what was told to them, in their language."""
