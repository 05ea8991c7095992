from headrace import allow_failure, flow, get_client, get_run_logger, tags, task, unmapped
from headrace.client.schemas.objects import FlowRun, State, StateType, TaskRun
from headrace.context import FlowRunContext, TaskRunContext, get_run_context
from headrace.flows import Flow
from headrace.futures import HeadraceFuture, as_completed, wait
from headrace.states import Cancelled, Completed, Crashed, Failed, Pending, Running, Scheduled
from headrace.task_runners import ConcurrentTaskRunner, TaskRunner, ThreadPoolTaskRunner
from headrace.tasks import Task, exponential_backoff, task_input_hash

print(ConcurrentTaskRunner is ThreadPoolTaskRunner, StateType.COMPLETED.value, Flow.__name__, Task.__name__)
