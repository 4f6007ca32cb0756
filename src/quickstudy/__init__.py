"""quickstudy: a learner that you put on a job."""
