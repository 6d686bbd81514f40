"""Direction: plans the virtual camera's path from a track. Pure, deterministic, with look-ahead."""
