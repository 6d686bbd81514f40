"""Tests of the delay line."""
