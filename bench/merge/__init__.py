"""Scenario ``merge``: many learners and one."""
