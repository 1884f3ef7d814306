"""Read one page repeatedly with wrk over keep-alive connections."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

CLIENTS = 16
UNITS_IN_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True)
class ReadLatency:
    """Hold requests per second, and latencies in ms."""

    rate: float
    p50: float
    p99: float


async def read(url: str, seconds: float, clients: int = CLIENTS) -> ReadLatency:
    """Read the page for whole seconds; end on any answer but 200."""
    command = ["wrk", "-t1", f"-c{clients}", f"-d{max(1, round(seconds))}s", "--timeout", "10s", "--latency", url]
    process = await asyncio.create_subprocess_exec(*command, stdout=-1, stderr=-1)
    output, errors = await process.communicate()
    if process.returncode:
        raise SystemExit(f"wrk failed: {errors.decode().strip()}")
    return parse_wrk(output.decode())


def parse_wrk(output: str) -> ReadLatency:
    """Parse the output of wrk.

    Raises: SystemExit if a request failed.
    """
    for problem in ("Non-2xx", "Socket errors"):
        if problem in output:
            raise SystemExit(f"Not every page was served:\n{output}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    latency = dict(re.findall(r"^\s+(50|99)%\s+([\d.]+[a-z]+) *$", output, re.MULTILINE))
    if rate is None or len(latency) < 2:
        raise SystemExit(f"wrk said something else than usual:\n{output}")
    return ReadLatency(float(rate[1]), parse_milliseconds(latency["50"]), parse_milliseconds(latency["99"]))


def parse_milliseconds(text: str) -> float:
    match = re.fullmatch(r"([\d.]+)([a-z]+)", text)
    if match is None:
        raise SystemExit(f"wrk gave a time as {text}")
    return float(match[1]) * UNITS_IN_MS[match[2]]
