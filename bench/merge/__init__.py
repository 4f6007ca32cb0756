"""Scenario ``merge``: ten learners and one."""
