"""What belongs to one run: its choices, its wiring, the overlay, exports, progress, shutdown."""
