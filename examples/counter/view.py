"""Counter: one integer field, two events."""

from __future__ import annotations

from livets import LiveView, event


class Counter(LiveView):
    """A number that each visitor has for himself."""

    count: int = 0

    @event
    async def increment(self, by: int = 1) -> None:
        # The browser may send any integer, also one that stands in no button: keep it within bounds.
        self.count += max(-100, min(by, 100))

    @event
    async def reset(self) -> None:
        self.count = 0

    template = """
    <main class="panel counter">
      <h1>Counter</h1>
      <p class="number"><output id="count">{{ count }}</output></p>
      <div class="row">
        <button type="button" id="dec" ts-on:click="increment(-1)" aria-label="&minus;1: subtract one">&minus;1</button>
        <button type="button" id="inc" class="primary" ts-on:click="increment" aria-label="+1: add one">+1</button>
        <button type="button" id="inc10" ts-on:click="increment(10)" aria-label="+10: add ten">+10</button>
      </div>
      <button type="button" id="reset" class="quiet" ts-on:click="reset"
        ts-bind:aria-disabled="None if count else 'true'">Reset</button>
      <p class="back"><a href="/">All examples</a></p>
    </main>"""
