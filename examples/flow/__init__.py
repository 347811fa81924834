"""A workflow that reads a week's sales, waits for somebody's word, and writes a report; watched live in the studio."""
