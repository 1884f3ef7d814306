"""Run jobs as the server does, in an event loop and threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from blog.server.jobs import Job, Jobs


def run_jobs(app: Flask, table: Sequence[Job], until: Callable[[Jobs], bool]) -> Jobs:
    """Run a table of jobs until a condition is met; return the stopped jobs."""

    async def run() -> Jobs:
        jobs = Jobs(app, table)
        jobs.start()
        try:
            async with asyncio.timeout(30):
                while not until(jobs):
                    await asyncio.sleep(0.005)
        finally:
            await asyncio.to_thread(jobs.stop)
        return jobs

    # in another thread, since the browser tests run a loop in this one
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, run()).result()
