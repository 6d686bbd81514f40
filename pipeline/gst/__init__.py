"""The GStreamer edge: the one gateway to gi, elements, signals, buses."""
