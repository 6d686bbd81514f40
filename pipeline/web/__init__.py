"""The dashboard: a run seen and operated from a browser."""
