"""What operators are told and can ask: faults, signs of life, status, doctor, metrics."""
