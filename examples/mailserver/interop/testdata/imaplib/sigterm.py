"""SIGTERM brings BYE to every connection, and then its end."""

import os
import signal

from session import *

connections = [connect(), login(), login()]
ok(connections[2].select())
os.kill(int(PID), signal.SIGTERM)
for c in connections:
    line = c.readline()
    assert line.startswith(b"* BYE"), line
    equal(c.readline(), b"")
print("ok")
