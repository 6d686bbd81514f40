"""The built-in match: a synthetic game with picture, sound and ground truth, from a seed."""
