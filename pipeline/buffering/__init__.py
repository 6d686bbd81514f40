"""The pure heart of the delay line: no GStreamer, no thread, no clock."""
