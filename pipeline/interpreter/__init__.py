"""CPython's interpreter: thread states of GStreamer's threads, and the switch interval."""
