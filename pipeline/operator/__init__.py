"""What an operator can see and control during a run."""
