"""The jobs that come back, and when: what the scheduler starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from config.compile import Bridge, SourceConfig
from config.schedule import Schedule
from worker import polling, reconcile, retention
from worker.scheduler import Job
from worker.wake import POLL, RECONCILE, RETENTION, Wake


def jobs(bridge: Bridge, wake: Wake) -> Mapping[str, Job]:
    """Return the jobs of a configuration by name."""
    every = [job for source in bridge.sources.values() for job in _of_source(source, wake)]
    every.append(_job(wake, retention.JOB, bridge.retention.runs, RETENTION))
    return {job.name: job for job in every}


def _of_source(source: SourceConfig, wake: Wake) -> Iterator[Job]:
    for kind in source.kinds:
        if source.poll is not None:
            yield _job(wake, polling.job_name(source.name, kind), source.poll, POLL, source.name, kind)
        if source.reconcile is not None:
            yield _job(wake, reconcile.job_name(source.name, kind), source.reconcile, RECONCILE, source.name, kind)


def _job(wake: Wake, name: str, schedule: Schedule, task: str, *arguments: str) -> Job:
    def start(lapses_s: float) -> bool:
        return wake.publish(task, POLL, lapses_s, *arguments)

    return Job(name, schedule, start)
