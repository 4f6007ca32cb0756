"""Scenario ``cost``: time and memory."""
