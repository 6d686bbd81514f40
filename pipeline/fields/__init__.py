"""Playing fields as data: a sport's markings, named points, and what is played there; one TOML file a sport."""

from pipeline.fields.load import FIELD_NAMES, field_at, football, load_field
from pipeline.fields.markings import Arc, FieldPoint, Line, Markings
from pipeline.fields.play import FOOTBALL_PLAY, Play
from pipeline.fields.playing_field import FieldSize, PlayingField

__all__ = [
    "FIELD_NAMES",
    "FOOTBALL_PLAY",
    "Arc",
    "FieldPoint",
    "FieldSize",
    "Line",
    "Markings",
    "Play",
    "PlayingField",
    "field_at",
    "football",
    "load_field",
]
