"""Training: from stored ratings to a published model, on one machine or with Spark."""
