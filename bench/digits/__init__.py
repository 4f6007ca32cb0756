"""Scenario ``digits``: small images as arrays."""
