"""How jobs are chosen on one machine: the first that fit, of the rule that stands last in the workflow.

Snakemake 9.27 asks at each round, that is for each job, the sizes of all inputs of all jobs that are ready, weighs these jobs against
each other, and starts a timer that starts further rounds for good; of a job that ends it reads each input once for each output. With
thousands of scans it is busier than the jobs. Here none of this is done. As rules stand in the order of the data, a scan that was begun is finished before the next: the first pictures come soon.

Reaches into Snakemake: tests/study/test_scheduling.py says when a version has changed what is used here.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.jobs import Job
    from snakemake.scheduling.job_scheduler import JobScheduler
    from snakemake.workflow import Workflow

COUNT = "_job_count"  # the rate limiter's resource


def spare(workflow: "Workflow") -> None:
    """Choose the jobs of ``workflow``, which has begun to run on this machine, with a `Queue`, at any rate; and see each input of a job that ends once."""
    scheduler, persistence = workflow.scheduler, workflow.persistence
    scheduler.job_rate_limiter = None
    scheduler.job_selector = Queue(scheduler, [rule.name for rule in workflow.rules]).choose
    persistence.finished = partial(_seen_once, workflow, persistence.finished)


async def _seen_once(workflow: "Workflow", finished: Callable[["Job"], Awaitable[None]], job: "Job") -> None:
    """Record that ``job`` is ``finished``: the checksums of its inputs are the same for all of its outputs."""
    workflow.iocache.active = True
    try:
        await finished(job)
    finally:
        workflow.iocache.deactivate()


class Queue:
    """The jobs of ``scheduler`` that are ready, in the order in which they are to start: by priority, then by their rules, the last first.

    A job is looked at once, when it becomes ready, and not at each round.
    """

    def __init__(self, scheduler: "JobScheduler", rules: Sequence[str]) -> None:
        self.scheduler = scheduler
        self.place = {name: number for number, name in enumerate(rules)}
        self.known = set["Job"]()
        self.waiting = list[tuple[int, int, int, "Job"]]()  # a heap

    def choose(self, ready: set["Job"]) -> list["Job"]:
        """Those of the jobs that are ``ready`` to be started now: the first that fit, while resources last.

        Raises WorkflowError for a job that needs more than there is.
        """
        for job in ready - self.known:
            self.scheduler.validate_job(job)
            heappush(self.waiting, (-job.priority, -self.place[job.rule.name], job.jobid, job))
        self.known = set(ready)
        with self.scheduler._lock:
            chosen = self._taken(ready)
            self.scheduler.update_available_resources(chosen)
        self.known.difference_update(chosen)  # one that fails may become ready again
        return chosen

    def _taken(self, ready: set["Job"]) -> list["Job"]:
        free = {name: left for name, left in self.scheduler.resources.items() if name != COUNT}
        chosen, passed = list["Job"](), list[tuple[int, int, int, "Job"]]()
        while self.waiting and free["_cores"]:
            first = heappop(self.waiting)
            job = first[-1]
            if job not in ready:
                continue
            asked = {name: job.scheduler_resources.get(name, 0) for name in free}
            if all(asked[name] <= free[name] for name in free):
                free = {name: free[name] - asked[name] for name in free}
                chosen.append(job)
            else:
                passed.append(first)
        for first in passed:
            heappush(self.waiting, first)
        return chosen
