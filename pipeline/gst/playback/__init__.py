"""The playback pipeline: the view element, sound padding, and the end of the run."""
