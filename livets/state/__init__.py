"""Views at rest: snapshot records, stores, sealing keys."""

from livets.state.record import Change, Claim, Record, SnapshotStore

__all__ = ["Change", "Claim", "Record", "SnapshotStore"]
