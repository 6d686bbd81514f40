"""From detections to the ball, the people and the ground they stand on. Pure."""
