"""Scenario ``noise``: a teacher who errs."""
