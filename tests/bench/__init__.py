"""The benchmark suite: `make bench` measures the product and, in the same run, plain relays beside it."""
