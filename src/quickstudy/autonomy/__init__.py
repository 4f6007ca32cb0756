"""Gate: what is answered alone, within an error bound that is kept by audits."""
