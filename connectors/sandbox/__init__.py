"""What all twins share: the shape of a twin and its control API."""
