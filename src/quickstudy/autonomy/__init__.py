"""The gate: autonomy that is earned. When the learner answers alone, when it asks, and what that is worth."""
