"""End a worker process with its parent process."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from multiprocessing import connection

GRACE_SECONDS = 4.0


def end_with_parent() -> None:
    """End this worker when its parent process ends.

    It would hold the port otherwise. The parent's sentinel also covers a parent that ended before. Running requests
    get GRACE_SECONDS to finish.
    """
    if parent := multiprocessing.parent_process():
        threading.Thread(target=_exit_after, args=(parent.sentinel,), name="parent watch", daemon=True).start()


def _exit_after(sentinel: int) -> None:
    connection.wait([sentinel])
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)  # a thread that waits for the database would block a clean exit
