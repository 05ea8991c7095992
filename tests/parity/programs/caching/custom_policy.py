from dataclasses import dataclass

from headrace import flow, task
from headrace.cache_policies import CachePolicy

runs = []


@dataclass
class ByDay(CachePolicy):
    day: str = "monday"

    def compute_key(self, task_ctx, inputs, flow_parameters, **kwargs):
        if inputs["skip"]:
            return None
        return f"{self.day}-{task_ctx.task.name}-{sorted(inputs)}"


@task(cache_policy=ByDay(), persist_result=True)
def work(x, skip=False):
    runs.append((x, skip))


@flow
def main():
    work(1), work(2)
    work(3, skip=True), work(4, skip=True)
    print(runs)


main()
