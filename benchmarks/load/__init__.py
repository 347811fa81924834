"""What many pages cost a server: memory at rest, and whether anything is left of those that have gone."""
