"""The one table of jobs: name -> function, and when it also runs by itself (minutes, UTC)."""

from hubevents.jobs.service import JobTable

JOBS: JobTable = {}
