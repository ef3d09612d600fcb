"""The jobs that come back, and when: what the scheduler starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial

from sqlalchemy import Connection

from config.compile import ApplicationConfig, Bridge, SourceConfig
from config.schedule import Schedule, interval
from config.summary import kind_of
from connectors.contract import Reads
from worker import disclosed, hints, inquiry, matcher, polling, reconcile, retention
from worker.answering import answerer
from worker.ledger import answers, audiences, disclosures, people, receipts
from worker.ledger.audiences import Ages
from worker.ledger.hints import any_due
from worker.ledger.signals import any_new
from worker.ledger.subscriptions import job_name
from worker.scheduler import Job
from worker.wake import (
    ANSWERS,
    DISCLOSED,
    HINTS,
    INQUIRE,
    MATCH,
    PEOPLE,
    PEOPLE_NEWS,
    POLL,
    RECONCILE,
    RETENTION,
    SIGNALS,
    SUBSCRIBE,
    SUMMARY,
    VERIFIED,
    Wake,
)

UNLESS_DONE = interval(timedelta(seconds=30))
"""What says itself when it is due again comes back after this when its worker was lost before it could."""

WHILE_SOMEBODY_WAITS = interval(timedelta(seconds=5))
"""The same for what a person has said, who looks at the screen."""

LOOKS = 8
"""How often it is looked who read a message, in the time for which a list of members holds."""

INQUIRED = interval(timedelta(seconds=15))
"""How often it is looked whether it is to be asked to whom messages came."""


def jobs(bridge: Bridge, wake: Wake, ages: Ages) -> Mapping[str, Job]:
    """Return the jobs of a configuration by name; `ages` is how old the list of a group's members may be."""
    every = [job for source in bridge.sources.values() for job in _of_source(source, wake)]
    if bridge.applications:
        signalled = _job(wake, SIGNALS, WHILE_SOMEBODY_WAITS, SIGNALS)
        every.append(replace(signalled, wanted=lambda connection, _: any_new(connection)))
        every.append(replace(_job(wake, answerer.JOB, WHILE_SOMEBODY_WAITS, ANSWERS), wanted=answers.any_due))
    every += [job for application in bridge.applications.values() for job in _of_people(application, wake)]
    verified = _job(wake, audiences.VERIFIED, UNLESS_DONE, VERIFIED)
    every.append(replace(verified, wanted=lambda connection, _: audiences.any_unverified(connection)))
    every += [_job(wake, kind_of(one.name), one.schedule, SUMMARY, one.name) for one in bridge.summaries.values()]
    every.append(_job(wake, retention.JOB, bridge.retention.runs, RETENTION))
    every.append(replace(_job(wake, inquiry.JOB, INQUIRED, INQUIRE), wanted=receipts.any_question))
    looks = replace(_job(wake, disclosed.JOB, interval(ages.listed / LOOKS), DISCLOSED), wanted=disclosures.any_due)
    every.append(looks)
    return {job.name: job for job in every}


def _of_source(source: SourceConfig, wake: Wake) -> Iterator[Job]:
    for kind in source.kinds:
        if (polls := source.polls.get(kind)) is not None:
            yield _job(wake, polling.job_name(source.name, kind), polls, POLL, source.name, kind)
        if source.reconcile is not None:
            yield _job(wake, reconcile.job_name(source.name, kind), source.reconcile, RECONCILE, source.name, kind)
        if Reads in source.connector.fulfils:
            read = _job(wake, hints.job_name(source.name, kind), UNLESS_DONE, HINTS, source.name, kind)
            yield replace(read, wanted=partial(_hinted, source.name, kind))
    if source.push:
        subscribe = _job(wake, job_name(source.name), UNLESS_DONE, SUBSCRIBE, source.name)
        yield replace(subscribe, at_start=True)

    if (keys := source.people) is not None:
        match = _job(wake, matcher.job_name(source.name), UNLESS_DONE, MATCH, source.name)
        yield replace(match, wanted=lambda connection, _: matcher.outdated(source.name, keys, connection))


def _of_people(application: ApplicationConfig, wake: Wake) -> Iterator[Job]:
    name = application.name
    if application.people is not None:
        yield replace(_job(wake, people.job_name(name), application.people, PEOPLE, name), at_start=True)
        news = _job(wake, people.news_job(name), UNLESS_DONE, PEOPLE_NEWS, name)
        yield replace(news, wanted=lambda connection, _: people.any_stale(connection, name))


def _hinted(source: str, kind: str, connection: Connection, at: int) -> bool:
    return any_due(connection, source, kind, at)


def _job(wake: Wake, name: str, schedule: Schedule, task: str, *arguments: str) -> Job:
    def start(lapses_s: float) -> bool:
        return wake.publish(task, POLL, lapses_s, *arguments)

    return Job(name, schedule, start)
