import datetime

from headrace import flow, task
from headrace.states import AwaitingRetry, Paused, Scheduled


@task
def work():
    return 1


@flow
def main():
    return work(return_state=True)


state = main(return_state=True)
now = datetime.datetime.now(datetime.timezone.utc)
print(abs((now - state.timestamp).total_seconds()) < 60, state.timestamp.tzinfo is not None)
print(state.state_details.flow_run_id is not None, state.state_details.task_run_id)
inner = state.result(raise_on_failure=False)
print(type(inner).__name__, inner.state_details.task_run_id is not None, inner.state_details.flow_run_id == state.state_details.flow_run_id)
when = datetime.datetime(2030, 1, 1, tzinfo=datetime.timezone.utc)
print(Scheduled(scheduled_time=when).state_details.scheduled_time == when, AwaitingRetry(scheduled_time=when).name)
print(Paused(timeout_seconds=60).state_details.pause_timeout is not None, Paused(reschedule=True).state_details.pause_reschedule)
