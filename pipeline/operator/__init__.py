"""What a person may see of a run and do to it."""
