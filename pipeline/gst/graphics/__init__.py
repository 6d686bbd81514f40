"""Draws graphics (librsvg), and blends them onto the frames of a stream."""
