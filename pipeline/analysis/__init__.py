"""Analysis: detectors, the worker that runs one, and the timeline of their detections."""
