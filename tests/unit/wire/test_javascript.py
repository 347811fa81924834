"""The connector's numbers are the server's numbers."""

from pathlib import Path

from livets.wire import Frame, ListOp, ReservedOp, SlotKind, javascript


def test_the_generated_module_is_current() -> None:
    path = Path(__file__).parents[3] / "connector" / "src" / "protocol.js"
    assert path.read_text() == javascript.source()


def test_cell_codes_leave_room_for_list_operations() -> None:
    assert max(op for op in ListOp if op is not ListOp.CELL) < ListOp.CELL
    assert all(op < 0 for op in ReservedOp)
    assert {kind.name for kind in SlotKind} == {"TEXT", "ATTR", "ATTRS", "HTML", "IF", "FOR"}
    assert len({int(kind) for kind in Frame}) == len(Frame)
