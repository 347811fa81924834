"""The task "wasm": compiles a stranger's module and calls it in wasmtime, within fuel, memory and time."""

from __future__ import annotations

import json
import os
import threading
import time
from typing import Any

from livets.engine.sandbox.inside import worker

_TABLE_ELEMENTS = 100_000
_STACK_BYTES = 1 << 20
_MASK = 0xFFFFFFFF
_RESULT_BYTES = 1 << 26
_BITS = {"i32": 32, "i64": 64}


def prepare() -> None:
    """Import wasmtime in the server, and compile once, so that workers find everything loaded."""
    import wasmtime

    wasmtime.Module(_engine(), "(module)")


def run(request: bytes, blob: bytes) -> int:
    """Answer with what the module's function gives."""
    import wasmtime

    job = json.loads(request)
    try:
        worker.answer({"value": _called(job, blob)})
    except wasmtime.Trap as trap:
        kinds = {wasmtime.TrapCode.OUT_OF_FUEL: "fuel", wasmtime.TrapCode.INTERRUPT: "timeout"}
        code = _code_of(trap)
        kind = kinds.get(code, "trap") if code is not None else "trap"
        worker.answer({"error": {"kind": kind, "message": f"the module stopped: {_short(trap)}"}})
    except (wasmtime.WasmtimeError, _Wrong, KeyError, TypeError, ValueError, OverflowError, UnicodeError) as error:
        kind = "fuel" if "all fuel consumed" in str(error) else "wasm"
        worker.answer({"error": {"kind": kind, "message": _short(error)}})
    return 0


class _Wrong(Exception):
    """The module is not what the interface says."""


def _engine() -> Any:
    import wasmtime

    config = wasmtime.Config()
    config.consume_fuel = True
    config.epoch_interruption = True
    config.parallel_compilation = False
    config.max_wasm_stack = _STACK_BYTES
    config.memory_reservation = 0  # address space is limited: memory is taken as it grows
    config.memory_reservation_for_growth = 0
    config.memory_guard_size = 1 << 16
    config.memory_may_move = True
    config.memory_init_cow = False  # it would want a file in memory, which the filter refuses
    config.wasm_threads = False
    return wasmtime.Engine(config)


def _called(job: dict[str, Any], blob: bytes) -> Any:
    import wasmtime

    engine = _engine()
    try:
        source = blob if blob.startswith(b"\0asm") else blob.decode()
    except UnicodeDecodeError:
        raise _Wrong("the module is neither WebAssembly nor its text form (WAT)") from None
    module = wasmtime.Module(engine, source)
    store = wasmtime.Store(engine)
    store.set_limits(
        memory_size=job["memory_bytes"], table_elements=_TABLE_ELEMENTS, instances=1, tables=10, memories=1
    )
    store.set_fuel(job["fuel"])
    store.set_epoch_deadline(1)
    _interrupt_in_time(engine, job["seconds"])
    linker = wasmtime.Linker(engine)
    if job["interface"] == "wasi":
        return _as_program(linker, store, module, job)
    instance = linker.instantiate(store, module)
    exported = instance.exports(store)
    function = exported.get(job["function"])
    if not isinstance(function, wasmtime.Func):
        raise _Wrong(f"the module exports no function {job['function']!r}")
    if job["interface"] == "json":
        return _with_json(store, exported, function, job["arguments"])
    arguments = job["arguments"] if isinstance(job["arguments"], list) else [job["arguments"]]
    kinds = [str(kind) for kind in function.type(store).params]
    if len(arguments) != len(kinds):
        raise _Wrong(f"{job['function']} takes {len(kinds)} numbers, not {len(arguments)}")
    for number, kind in zip(arguments, kinds, strict=True):
        bits = _BITS.get(kind)  # integers of more bits would lose them in silence
        if bits and not (isinstance(number, int) and -(1 << bits - 1) <= number < 1 << bits):
            raise _Wrong(f"{job['function']} takes {', '.join(kinds)}: {number!r:.40} is no {kind}")
    return function(store, *arguments)


def _interrupt_in_time(engine: Any, seconds: float) -> None:
    """Interrupt the module a little before the guard would end the whole process, so that it is told as what it is."""

    def interrupt() -> None:
        time.sleep(max(0.001, 0.9 * seconds))
        engine.increment_epoch()

    threading.Thread(target=interrupt, daemon=True).start()


def _with_json(store: Any, exported: Any, function: Any, arguments: Any) -> Any:
    """Write the arguments into the module's memory, call, and read the result from there."""
    text = json.dumps(arguments).encode()
    import wasmtime

    memory, alloc = exported.get("memory"), exported.get("alloc")
    if not isinstance(memory, wasmtime.Memory) or not isinstance(alloc, wasmtime.Func):
        raise _Wrong('with the interface "json" a module exports memory and alloc(size)')
    at = alloc(store, len(text)) & _MASK
    if at + len(text) > memory.data_len(store):
        raise _Wrong("alloc gave an address outside of the memory")
    memory.write(store, text, at)
    packed = function(store, at, len(text)) & 0xFFFFFFFFFFFFFFFF
    start, size = packed >> 32, packed & _MASK
    if size > _RESULT_BYTES or start + size > memory.data_len(store):
        raise _Wrong("the result lies outside of the memory")
    return json.loads(bytes(memory.read(store, start, start + size)))


def _as_program(linker: Any, store: Any, module: Any, job: dict[str, Any]) -> Any:
    """Run a WASI program with JSON on its standard input and output; it sees no folder and no environment."""
    import wasmtime

    with open("stdin", "w") as file:
        json.dump(job["arguments"], file)
    wasi = wasmtime.WasiConfig()
    wasi.argv = ["module"]
    wasi.stdin_file, wasi.stdout_file = "stdin", "stdout"
    store.set_wasi(wasi)
    linker.define_wasi()
    instance = linker.instantiate(store, module)
    try:
        instance.exports(store)["_start"](store)
    except wasmtime.ExitTrap as ended:
        if ended.code:
            raise _Wrong(f"the module ended with {ended.code}") from None
    size = os.stat("stdout").st_size
    if size > _RESULT_BYTES:
        raise _Wrong("it printed too much")
    with open("stdout", encoding="utf-8") as file:
        return json.load(file)


def _code_of(trap: Any) -> Any:
    try:
        return trap.trap_code
    except ValueError:
        return None


def _short(error: BaseException) -> str:
    """The cause, without the frames of the module."""
    first, _, cause = str(error).strip().partition("Caused by:")
    return " ".join((cause or first).split())[:1000]
