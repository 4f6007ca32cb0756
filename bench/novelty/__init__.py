"""Scenario ``novelty``: questions that no option fits."""
