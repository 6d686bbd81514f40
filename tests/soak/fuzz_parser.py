"""Fuzzes one parser, guided by its coverage: python -m tests.soak.fuzz_parser NAME SECONDS CORPUS

Ends with another status than 0 at the first answer that is neither a result nor a ForesightError of one line; its
input is then in CORPUS.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["pipeline"]):
    from tests.soak.parsers import PARSERS


def main(name: str, seconds: int, corpus: Path) -> None:
    """Fuzz for that long."""
    parser = PARSERS[name]
    for number, example in enumerate(parser.examples):
        (corpus / f"example-{number}").write_bytes(example)

    def feed(content: bytes) -> None:
        parser.feed(content)

    limits = [f"-max_total_time={seconds}", "-timeout=60", "-rss_limit_mb=3000", "-max_len=20000"]
    atheris.Setup([name, *limits, f"-artifact_prefix={corpus}/", str(corpus)], feed)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
