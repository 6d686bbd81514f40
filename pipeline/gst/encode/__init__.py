"""Chooses encoders, encodes once for all outputs, and muxes."""
