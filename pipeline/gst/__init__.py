"""GStreamer: runtime.py is the one gateway to gi; each room is one part of the two pipelines."""
