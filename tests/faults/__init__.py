"""Tests that break what a run depends on, from outside: they start the real command, as a user does."""
