"""Playing fields as data: the markings and named points of a sport, by its rules, one TOML file a sport."""

from pipeline.fields.load import FIELD_NAMES, field_at, football, load_field
from pipeline.fields.markings import Arc, FieldPoint, Line, Markings
from pipeline.fields.playing_field import FieldSize, PlayingField

__all__ = [
    "FIELD_NAMES",
    "Arc",
    "FieldPoint",
    "FieldSize",
    "Line",
    "Markings",
    "PlayingField",
    "field_at",
    "football",
    "load_field",
]
