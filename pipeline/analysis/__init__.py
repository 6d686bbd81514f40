"""What the live side sees: detectors, the timeline of what was seen when, the ball."""
