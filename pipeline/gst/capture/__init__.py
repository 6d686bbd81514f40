"""The analysis pipeline: opens sources, reconnects cameras, feeds the delay line and the detector."""
