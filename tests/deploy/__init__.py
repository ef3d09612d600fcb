"""What stands in deploy/ is what runs: its command lines are started as processes."""
