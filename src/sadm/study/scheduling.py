"""How jobs are chosen on one machine: the first that fit, of the rule that stands last in the workflow.

Snakemake 9.27 asks at each round, that is for each job, the sizes of all inputs of all jobs that are ready, weighs these jobs against
each other, and starts a timer that starts further rounds for good; of a job that ends it reads each input once for each output. With
thousands of scans it is busier than the jobs. Here none of this is done. As rules stand in the order of the data, a scan that was begun is finished before the next: the first pictures come soon.

Reaches into Snakemake: tests/study/test_scheduling.py says when a version has changed what is used here.
"""

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.jobs import Job
    from snakemake.scheduling.job_scheduler import JobScheduler
    from snakemake.workflow import Workflow

COUNT = "_job_count"  # the rate limiter's resource


def spare(workflow: "Workflow") -> None:
    """Choose the jobs of ``workflow``, which has begun to run on this machine, with `first_fitting`, at any rate; and see each input of a job that ends once."""
    scheduler, persistence = workflow.scheduler, workflow.persistence
    place = {rule.name: number for number, rule in enumerate(workflow.rules)}
    scheduler.job_rate_limiter = None
    scheduler.job_selector = lambda jobs: first_fitting(scheduler, jobs, place)
    persistence.finished = partial(_seen_once, workflow, persistence.finished)


async def _seen_once(workflow: "Workflow", finished: Callable[["Job"], Awaitable[None]], job: "Job") -> None:
    """Record that ``job`` is ``finished``: the checksums of its inputs are the same for all of its outputs."""
    workflow.iocache.active = True
    try:
        await finished(job)
    finally:
        workflow.iocache.deactivate()


def first_fitting(scheduler: "JobScheduler", jobs: Iterable["Job"], place: dict[str, int]) -> list["Job"]:
    """Those of ``jobs`` to be started now: by priority, then by the ``place`` of their rules, the last first, while resources last.

    Raises WorkflowError for a job that needs more than there is.
    """
    for job in jobs:
        scheduler.validate_job(job)
    with scheduler._lock:
        free = {name: left for name, left in scheduler.resources.items() if name != COUNT}
        chosen = []
        for job in sorted(jobs, key=lambda job: (-job.priority, -place[job.rule.name], job.jobid)):
            if not free["_cores"]:
                break
            asked = {name: job.scheduler_resources.get(name, 0) for name in free}
            if all(asked[name] <= free[name] for name in free):
                free = {name: free[name] - asked[name] for name in free}
                chosen.append(job)
        scheduler.update_available_resources(chosen)
    return chosen
