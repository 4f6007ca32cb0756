"""Learners: the one under test and its peers, one file each."""
