"""Scenario ``class-incremental``: one class after the other."""
