"""Tracking: from detections to one ball track, the players and their positions on the ground. Pure."""
