"""The built-in match: a synthetic football match with video, sound and ground truth, generated from a seed."""
