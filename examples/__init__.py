"""Small whole applications; `python -m examples` serves them all."""
