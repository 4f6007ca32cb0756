"""Judge: the pool of experts, calibrated probabilities, novelty."""
