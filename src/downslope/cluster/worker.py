"""What a worker process that was started here does first.

Ctrl-C at a terminal reaches every process of a program. The one that asked for the workers ends them, in
order, once its update is over; until then they go on.
"""

import signal
import threading

if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
