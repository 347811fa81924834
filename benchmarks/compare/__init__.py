"""The benchmark page in a real browser: livets beside hand-written code and beside full HTML with idiomorph."""
