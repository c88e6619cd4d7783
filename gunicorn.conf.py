"""Gunicorn's settings, read by it from the working folder; WEB_CONCURRENCY sets the number of processes."""

from pathlib import Path

bind = "0.0.0.0:8000"
threads = 4
# In memory: on a slow disk, the heartbeat of a worker could stall and have it killed.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
graceful_timeout = 20
# A new process from time to time gives back the memory that the old one kept.
max_requests = 5000
max_requests_jitter = 500
