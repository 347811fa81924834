"""The application: what wires the parts together, and where it finds them."""

from livets.app.application import LiveTS

__all__ = ["LiveTS"]
