"""CPython itself: thread states and the switch interval, for threads that GStreamer makes."""
