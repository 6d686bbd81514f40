"""What belongs to one run: its choices, the overlay, exports, progress, resource usage, shutdown."""
