"""How `make docs` makes the pages: Markdown as it stands, and the public names from their docstrings."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

project = "Foresight"
author = "The Foresight developers"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["monitoring", "_build"]

myst_heading_anchors = 3
# dashboard.md links to the folder monitoring/, which is no page; tests/docs/test_pages.py checks every link.
suppress_warnings = ["myst.xref_missing"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
python_maximum_signature_line_length = 90
default_role = "code"  # what docstrings set in single backticks

html_theme = "furo"
html_title = "Foresight"
html_show_copyright = False
