"""The delay line's edges: from an appsink into the window, from the window into an appsrc."""
