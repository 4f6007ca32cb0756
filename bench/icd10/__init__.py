"""Scenario ``icd10``: the job of the demo."""
