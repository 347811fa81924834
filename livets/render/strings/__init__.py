"""Windowed differ for HTML strings: old HTML and new HTML to edits of nodes (docs/protocol.md, "Edits")."""
