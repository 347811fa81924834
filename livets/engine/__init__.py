"""What workflows, reactive templates and writing pipelines share: values, nodes, graph, events, log, store.

Headless: imports nothing of the web. Each engine brings its own driver; this package has no opinion on when things run.
"""
