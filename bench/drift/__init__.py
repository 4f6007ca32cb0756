"""Scenario ``drift``: payments in time order."""
