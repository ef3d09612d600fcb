"""Files: what an application uploads, and what people send to its robot."""
