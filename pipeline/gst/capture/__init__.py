"""The analysis pipeline: sources, reconnecting cameras, the detector's branch."""
