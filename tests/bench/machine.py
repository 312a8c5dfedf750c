"""What a timing needs beside it: processor seconds, processors, how busy they were, and versions.

Where other programs run, processor seconds say more than wall seconds; they sum over a program's threads.
"""

import importlib.metadata
import os
import platform
import time


class Clock:
    """Wall and processor seconds since it was made."""

    def __init__(self):
        self.start, self.cpu_start = time.perf_counter(), time.process_time()

    def secs(self):
        return time.perf_counter() - self.start

    def cpu_secs(self):
        return time.process_time() - self.cpu_start


def machine(*packages):
    versions = {name: importlib.metadata.version(name) for name in packages}
    place = {"processors": os.cpu_count(), "load_average": os.getloadavg()[0], "python": platform.python_version()}
    return place | versions
