"""What people and groups of a channel say by themselves: heard in the relay, dealt with in the workers."""
