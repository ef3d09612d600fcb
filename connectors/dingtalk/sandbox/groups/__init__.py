"""Groups: who may list their members, and groups that an application makes."""
