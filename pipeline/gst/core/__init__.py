"""Shared by the other rooms of gst: elements, the bus, frames, samples, tees, shutdown."""
