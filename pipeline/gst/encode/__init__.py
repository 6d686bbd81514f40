"""Encoders, the stage that all outputs share, and muxers."""
