"""The state of a match as values: teams, score, clock, by the rules of a sport; tags and chapters. Pure."""

from pipeline.scoring.chapters import FilmChapter, ffmetadata, film_chapters, titles_to_paste
from pipeline.scoring.clock import Clock
from pipeline.scoring.load import SPORT_NAMES, load_sport
from pipeline.scoring.match_score import MatchScore
from pipeline.scoring.scoreboard import ScoreboardText, scoreboard_text
from pipeline.scoring.sport import Sport
from pipeline.scoring.tags import Tag, TagLog
from pipeline.scoring.team import Team

__all__ = [
    "SPORT_NAMES",
    "Clock",
    "FilmChapter",
    "MatchScore",
    "ScoreboardText",
    "Sport",
    "Tag",
    "TagLog",
    "Team",
    "ffmetadata",
    "film_chapters",
    "load_sport",
    "scoreboard_text",
    "titles_to_paste",
]
