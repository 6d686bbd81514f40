"""Tests of the playing fields."""
