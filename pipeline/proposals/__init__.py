"""Proposals: moments of a match that sound and tracks suggest, for a person to take or dismiss. Pure."""
