"""Scenario ``few-shot``: a few lessons of each class."""
