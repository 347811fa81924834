"""Values at unsafe places are guarded, values anywhere else are left alone."""

from __future__ import annotations

from livets.render.environment import LiveEnvironment


def test_an_output_that_begins_a_template_is_no_tag_name() -> None:
    page = LiveEnvironment(autoescape=True).from_string("{{ t }}<p>{{ t }}</p>")
    assert page.render(t="x>y") == "x&gt;y<p>x&gt;y</p>"
