"""Supervision: tells systemd how a run fares, and restarts a run that fails. Uses no GStreamer."""
