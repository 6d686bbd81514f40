"""What every room of gst builds on: elements, the bus, frames, samples, tees, shutdown."""
