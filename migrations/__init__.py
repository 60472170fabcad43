"""Schema changes in order, each with up and down; applied by `movierec-server migrate` and at start-up."""
