"""What runs in the sandbox's own processes: imported by them, never by ours.

Standard library only, so that a process is there in milliseconds; `server.py` is where it begins.
"""
