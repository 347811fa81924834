"""Untrusted code in another process, never in ours: limits of memory, CPU, time, files and output, no network.

`sandbox.Sandbox` is what engines use; `inside/` is what runs in its processes, which is why nothing is imported here.
docs/flow/sandbox.md says what is stopped.
"""
