"""The playback pipeline: renders the view, pads the sound, and ends the run."""
