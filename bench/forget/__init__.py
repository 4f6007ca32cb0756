"""Scenario ``forget``: forgotten lessons leave no trace."""
