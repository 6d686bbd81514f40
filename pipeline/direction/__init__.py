"""From a track to a camera path: pure, deterministic, aware of the future."""
