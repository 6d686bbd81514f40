"""The pure heart of the picture: lenses, rigs, views and the one renderer."""
