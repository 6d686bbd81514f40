"""The page of `foresight start`: cameras, rig, teams, destination, a trial, the match, and the matches before."""
