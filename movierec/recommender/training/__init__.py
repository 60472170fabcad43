"""From stored ratings to a published model: training data, the pipeline, Spark."""
