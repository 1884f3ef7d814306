"""Readers: wrk asks for one page over kept connections, again and again."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

CLIENTS = 16
MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True)
class Reading:
    """What wrk says: requests a second, and how long an answer took, in ms."""

    rate: float
    p50: float
    p99: float


async def read(url: str, seconds: float, clients: int = CLIENTS) -> Reading:
    """Read the page for so many whole seconds; any answer but a whole 200 ends the run."""
    command = ["wrk", "-t1", f"-c{clients}", f"-d{max(1, round(seconds))}s", "--timeout", "10s", "--latency", url]
    process = await asyncio.create_subprocess_exec(*command, stdout=-1, stderr=-1)
    said, complaint = await process.communicate()
    if process.returncode:
        raise SystemExit(f"wrk failed: {complaint.decode().strip()}")
    return parse(said.decode())


def parse(said: str) -> Reading:
    """Read wrk's own words; SystemExit where not every answer was a good one."""
    for trouble in ("Non-2xx", "Socket errors"):
        if trouble in said:
            raise SystemExit(f"Not every page was served:\n{said}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    latency = dict(re.findall(r"^\s+(50|99)%\s+([\d.]+[a-z]+) *$", said, re.MULTILINE))
    if rate is None or len(latency) < 2:
        raise SystemExit(f"wrk said something else than usual:\n{said}")
    return Reading(float(rate[1]), milliseconds(latency["50"]), milliseconds(latency["99"]))


def milliseconds(text: str) -> float:
    match = re.fullmatch(r"([\d.]+)([a-z]+)", text)
    if match is None:
        raise SystemExit(f"wrk gave a time as {text}")
    return float(match[1]) * MILLISECONDS[match[2]]
