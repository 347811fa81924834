"""Nodes whose code comes with the workflow: python.code, transform.template, process.*, wasm.call."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from livets.cli import main
from livets.engine.errors import EngineError
from livets.flow import Flow, FlowRuntime, Grants, Limits, Program, Sandbox
from livets.flow.grants_file import read_grants
from tests.unit.flow.nodes.running import failure, give

# -- python.code


async def test_code_json_in_json_out() -> None:
    source = "import statistics\ndef main(numbers, name='x'): return {name: statistics.mean(numbers), 'big': 2**70}"
    given = await give("python.code", {"source": source}, arguments={"numbers": [1, 2, 6], "name": "mean"})
    assert given == {"mean": 3, "big": 2**70}
    source = "import asyncio\nasync def main():\n    await asyncio.sleep(0.001)\n    return ['ä', None, 1.5, True]"
    assert await give("python.code", {"source": source}) == ["ä", None, 1.5, True]
    assert await give("python.code", {"source": "def other(): return 1", "function": "other"}) == 1


async def test_code_that_fails_says_where() -> None:
    broken = {"source": "def main(d):\n    x = 1\n    return d['missing']"}
    assert await failure("python.code", broken, arguments={"d": {}}) == "KeyError: KeyError: 'missing' (line 3)"
    assert "SyntaxError: SyntaxError:" in await failure("python.code", {"source": "def main(:"})
    assert "NameError: the source defines no function 'main'" in await failure("python.code", {"source": "x = 1"})
    assert "TypeError" in await failure("python.code", {"source": "def main(): return 1"}, arguments={"n": 1})
    for value in ("object()", "float('nan')", "b'x'", "{1: {2}}"):
        said = await failure("python.code", {"source": f"def main(): return {value}"})
        assert said.startswith("output: what it returned is no JSON"), said
    assert "SystemExit" in await failure("python.code", {"source": "import sys\ndef main(): sys.exit(3)"})
    assert "RecursionError" in await failure("python.code", {"source": "def main(): return main()"})


async def test_code_within_its_limits() -> None:
    quick = {"limits": {"seconds": 0.5}}
    assert (await failure("python.code", {"source": "def main():\n    while True: pass", **quick})).startswith(
        "timeout:"
    )
    small = {"limits": {"memory_mb": 50}}
    assert (await failure("python.code", {"source": "def main(): return len('x' * 10**8)", **small})).startswith(
        "memory:"
    )
    strict = Grants(sandbox=Sandbox(Limits(seconds=0.5)))
    greedy = {"source": "def main():\n    while True: pass", "limits": {"seconds": 3600}}
    assert "0.5 seconds" in await failure("python.code", greedy, strict)


async def test_what_code_prints_is_reported(tmp_path: Path) -> None:
    flow = Flow("prints")
    flow.add("python.code", id="n", config={"source": "def main():\n    print('hello')\n    return 1"})
    async with FlowRuntime(tmp_path) as runtime:
        result = await runtime.run(flow)
        events = await runtime.events(result.run)
    said = [event.data for event in events if event.type == "flow.node.event"]
    assert [one["data"]["text"] for one in said] == ["hello\n"]


async def test_packages_that_the_program_names(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "ours.py").write_text("def answer(): return 42")
    source = {"source": "def main():\n    import ours\n    return ours.answer()"}
    assert "ModuleNotFoundError" in await failure("python.code", source)
    assert await give("python.code", source, Grants(sandbox=Sandbox(packages=[tmp_path]))) == 42
    assert "ModuleNotFoundError" in await failure("python.code", {"source": "import msgspec\ndef main(): pass"})


# -- transform.template


async def test_templates_of_strangers() -> None:
    assert await give("transform.template", {"source": "{{ 1 + n }} {{ 'x' | upper }}\n"}, value={"n": 1}) == "2 X\n"
    html = {"source": "<p>{{ value }}", "html": True}
    assert await give("transform.template", html, value="<b>") == "<p>&lt;b&gt;"
    assert "template: the template failed: 'y' is undefined" in await failure(
        "transform.template", {"source": "{{ y }}"}
    )
    assert "template: " in await failure("transform.template", {"source": "{% for %}"})
    endless = {"source": "{% for n in range(99999) %}{{ 'x' * 999 }}{% endfor %}"}
    assert "limit: the text has more than" in await failure("transform.template", endless)


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ self._TemplateReference__context }}{{ cycler.__init__.__globals__.os.environ }}",
        "{{ '%s' | format(''.__class__) | attr('__class__') }}{{ ''['__class__'] }}",
        "{{ 'x' * 10**10 }}",
        "{% set a = namespace(n=0) %}{% for i in range(10**9) %}{% set a.n = a.n + 1 %}{% endfor %}",
        "{{ range(99999) | map('string') | list | join | list | batch(1) | list | string * 99999 }}",
    ],
)
async def test_templates_that_attack(source: str) -> None:
    said = await failure("transform.template", {"source": source, "limits": {"seconds": 5, "cpu_s": 1}})
    assert said.split(":")[0] in ("template", "limit", "memory", "cpu", "timeout")
    assert "CANARY" not in said


# -- process.*


async def test_programs_that_are_granted() -> None:
    grants = Grants(programs={"sort": "/usr/bin/sort", "cat": "/bin/cat", "env": "/usr/bin/env"})
    given = await give("process.program", {"program": "sort", "arguments": ["-r"]}, grants, stdin="a\nb\n")
    assert given == {"out": "b\na\n", "errors": "", "code": 0}
    as_json = {"program": "cat", "form": "json"}
    assert (await give("process.program", as_json, grants, stdin={"n": [1, 2]}))["out"] == {"n": [1, 2]}
    as_bytes = {"program": "cat", "form": "bytes"}
    assert (await give("process.program", as_bytes, grants, stdin=b"\xff\0"))["out"] == b"\xff\0"
    assert "output: what it printed is no text" in await failure(
        "process.program", {"program": "cat"}, grants, stdin=b"\xff"
    )
    assert "forbidden: no program 'rm' is granted" in await failure("process.program", {"program": "rm"}, grants)
    missing = Grants(programs={"gone": "/usr/bin/gone-away"})
    assert "program: '/usr/bin/gone-away' does not start" in await failure(
        "process.program", {"program": "gone"}, missing
    )
    said = await failure("process.program", {"program": "sort"}, grants, arguments=["--no-such-option"])
    assert said.startswith("exit: exit code 2: /usr/bin/sort: unrecognized option"), said
    with pytest.raises(ValueError, match="absolute"):
        Program("sort")


async def test_programs_see_what_was_granted_with_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY", "sings")
    tmp_path.chmod(0o755)
    (tmp_path / "data").write_text("data")
    names = {"program": "cat", "arguments": [str(tmp_path / "data")]}
    assert "No such file" in await failure("process.program", names, Grants(programs={"cat": "/bin/cat"}))
    seeing = Grants(programs={"cat": Program("/bin/cat", reads=(str(tmp_path),))})
    assert (await give("process.program", names, seeing))["out"] == "data"
    env = Grants(programs={"env": Program("/usr/bin/env", environment={"MODE": "x"})})
    lines = (await give("process.program", {"program": "env"}, env))["out"].splitlines()
    assert "MODE=x" in lines
    assert not any("CANARY" in line for line in lines)


async def test_the_shell_is_granted_apart() -> None:
    assert "forbidden: no shell is granted" in await failure("process.shell", {"command": "true"})
    grants = Grants(shell=True)
    command = {"command": 'read line; echo "$line/$1"; echo oops >&2; exit 3', "any_code": True}
    given = await give("process.shell", command, grants, stdin="in\n", arguments=["$(id); `id`"])
    assert given == {"out": "in/$(id); `id`\n", "errors": "oops\n", "code": 3}
    assert "exit: exit code 3: oops" in await failure("process.shell", {**command, "any_code": False}, grants)
    assert "killed by signal 9" in await failure("process.shell", {"command": "kill -9 $$"}, grants)


# -- wasm.call

ADD = '(module (func (export "add") (param i32 i64 f64) (result f64) local.get 2))'
LOOP = '(module (func (export "main") (loop br 0)))'
ECHO = """(module (memory (export "memory") 2)
  (func (export "alloc") (param i32) (result i32) i32.const 1024)
  (func (export "main") (param i32 i32) (result i64)
    (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1)))))"""


async def wasm(source: str, arguments: Any = (), **config: Any) -> Any:
    return await give("wasm.call", {"source": source, **config}, arguments=list(arguments))


async def no_wasm(source: str, arguments: Any = (), grants: Grants | None = None, **config: Any) -> str:
    return await failure("wasm.call", {"source": source, **config}, grants, arguments=list(arguments))


async def test_wasm_numbers_and_json() -> None:
    assert await wasm(ADD, [1, 2, 3.5], function="add") == 3.5
    assert await give("wasm.call", {"source": ECHO, "interface": "json"}, arguments={"a": ["ä", 1]}) == {"a": ["ä", 1]}
    import wasmtime

    module = bytes(wasmtime.wat2wasm(ADD))
    assert await wasm(base64.b64encode(module).decode(), [1, 2, 4.5], function="add") == 4.5
    granted = Grants(wasm={"add": module})
    assert await give("wasm.call", {"module": "add", "function": "add"}, granted, arguments=[1, 2, 5.5]) == 5.5


async def test_wasm_within_its_limits() -> None:
    assert (await no_wasm(LOOP, fuel=1_000_000)).startswith("fuel:")
    assert (await no_wasm(LOOP, fuel=10**18, limits={"seconds": 1})).startswith(("timeout:", "cpu:"))
    grow = '(module (memory 1) (func (export "main") (result i32) (memory.grow (i32.const {}))))'
    assert await wasm(grow.format(100)) == 1
    assert await wasm(grow.format(60_000)) == -1
    assert (await no_wasm("(module (memory 50000))")).startswith("wasm:")
    endless = '(module (func $f (export "main") (call $f)))'
    assert "call stack exhausted" in await no_wasm(endless)
    table = '(module (table 1 funcref) (func (export "main") (result i32) (table.grow (ref.null func) (i32.const {}))))'
    assert await wasm(table.format(99_999_999)) == -1


async def test_wasm_that_is_wrong() -> None:
    assert (await no_wasm("(module")).startswith("wasm:")
    assert "config: source is neither WAT nor base64" in await no_wasm("!")
    assert "exports no function 'main'" in await no_wasm("(module)")
    assert "takes 3 numbers, not 1" in await no_wasm(ADD, [1], function="add")
    assert "1180591620717411303424 is no i32" in await no_wasm(ADD, [2**70, 2, 3.5], function="add")  # it was 0
    assert await wasm(ADD, [2**32 - 1, -(2**63), 3.5], function="add") == 3.5
    assert "neither WebAssembly nor its text form" in await no_wasm(base64.b64encode(b"\xff\xfe").decode())
    assert "exports memory and alloc(size)" in await no_wasm(ADD, function="add", interface="json")
    assert "unknown import" in await no_wasm('(module (import "env" "system" (func)))')
    outside = ECHO.replace("i32.const 1024", "i32.const 999999999")
    assert "outside of the memory" in await no_wasm(outside, interface="json")
    far = ECHO.replace("(local.get 1)", "(i32.const 999999999)")
    assert "outside of the memory" in await no_wasm(far, interface="json")


async def test_wasi_is_granted_and_sees_no_file() -> None:
    writes = """(module
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_prestat_get" (func $dir (param i32 i32) (result i32)))
      (memory (export "memory") 1) (data (i32.const 8) "[1, 2]")
      (func (export "_start")
        (if (i32.eqz (call $dir (i32.const 3) (i32.const 100))) (then unreachable))
        (i32.store (i32.const 0) (i32.const 8)) (i32.store (i32.const 4) (i32.const 6))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 20)))))"""
    assert "forbidden: no WASI is granted" in await no_wasm(writes, interface="wasi")
    granted = Grants(wasi=True)
    assert await give("wasm.call", {"source": writes, "interface": "wasi"}, granted, arguments=[]) == [1, 2]
    assert "wasm: unknown import" in await no_wasm(writes, function="_start")


async def test_wasm_needs_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    from livets.flow.nodes import wasm as node

    monkeypatch.setattr(node.importlib.util, "find_spec", lambda name: None)
    flow = Flow("needs")
    flow.add("wasm.call", id="n", config={"source": LOOP})
    async with FlowRuntime() as runtime:
        result = await runtime.run(flow)
    assert "pip install 'livets[wasm]'" in result.failures[0].message


# -- granted in a file


async def test_grants_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "add.wat").write_text(ADD)
    file = tmp_path / "grants.toml"
    file.write_text("""
shell = true
wasi = true
[programs]
sort = "/usr/bin/sort"
cat = {path = "/bin/cat", reads = ["/etc/hostname"]}
[wasm]
add = "add.wat"
[sandbox]
limits = {seconds = 0.5, memory_mb = 100}
packages = ["lib"]
""")
    grants = read_grants(file)
    assert (await give("process.shell", {"command": "echo hi"}, grants))["out"] == "hi\n"
    assert (await give("process.program", {"program": "sort"}, grants, stdin="b\na\n"))["out"] == "a\nb\n"
    assert grants.program("cat") == Program("/bin/cat", ("/etc/hostname",))
    assert (grants.wasm_module("add"), grants.wasi) == (ADD.encode(), True)
    assert (grants.sandbox.limits, grants.sandbox.packages) == (Limits(0.5, memory_mb=100), [str(tmp_path / "lib")])
    file.write_text('[programs]\nsort = "sort"\n')
    with pytest.raises(EngineError, match="absolute"):
        read_grants(file)
    file.write_text("[sandbox]\nlimits = {seconds = 0}\n")
    with pytest.raises(EngineError, match="seconds is more than 0"):
        read_grants(file)


# -- which layers there are


def test_the_command_line_tells_the_layers() -> None:
    result = CliRunner().invoke(main, ["flow", "sandbox"])
    told = json.loads(CliRunner().invoke(main, ["flow", "sandbox", "--json"]).stdout)
    assert (result.exit_code == 0) is (told["missing"] == [])
    for layer in ("limits", "guard", "namespaces", "root folder", "landlock", "seccomp"):
        assert f"{layer}: " in result.stderr


# -- refused


@pytest.mark.parametrize(
    ("type", "config"),
    [
        ("python.code", {"source": "def main(): return 1"}),
        ("transform.template", {"source": "{{ 1 }}"}),
        ("process.shell", {"command": "true"}),
    ],
)
async def test_without_layers_untrusted_nodes_are_refused(type: str, config: dict[str, Any]) -> None:
    bare = Grants(shell=True, sandbox=Sandbox(without=["namespaces", "landlock", "seccomp"]))
    said = await failure(type, config, bare)
    assert said.startswith("forbidden: untrusted code is refused: nothing here would keep it from files"), said
    assert "the network" in said
