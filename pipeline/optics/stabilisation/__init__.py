"""By how much a camera has turned: measured from its backdrop, frame by frame. Pure."""
