"""Placeholder while the station is built."""
