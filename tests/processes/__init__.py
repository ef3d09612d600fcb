"""The product as its users run it: real processes on free ports, a twin as the sink, and a sender that signs."""
