"""Scenario ``stream``: shuffled streams of questions."""
