"""Import styles."""
import headrace as pf
from headrace import flow as fl, task as tk
from headrace.client import get_client
from headrace.client.schemas import FlowRun, TaskRun, State, StateType
from headrace.client.schemas.objects import State as S2, TERMINAL_STATES
from headrace.deployments import run_deployment, arun_deployment
from headrace.flow_engine import run_flow, run_flow_sync, run_flow_async
from headrace.task_engine import run_task_sync, run_task
from headrace.utilities.asyncutils import run_coro_as_sync, sync_compatible, is_async_fn, gather
from headrace.utilities.annotations import unmapped, allow_failure, quote, NotSet
from headrace.futures import HeadraceFuture, HeadraceFutureList, wait, as_completed
from headrace.task_runners import ThreadPoolTaskRunner, ConcurrentTaskRunner, TaskRunner
from headrace.states import Completed
from headrace.types.entrypoint import EntrypointType
from headrace.blocks.abstract import CredentialsBlock, DatabaseBlock, JobBlock, JobRun, NotificationBlock, ObjectStorageBlock, SecretBlock
@pf.task
def t(x): return x + 1
@pf.flow
def f(x): return t(x)
print(f(1), run_flow(f, parameters={"x": 4}), run_flow_sync(f, parameters={"x": 5}), run_task_sync(t, parameters={"x": 1}))
print(State is S2, Completed().type in TERMINAL_STATES, sorted(x.value for x in TERMINAL_STATES), [e.value for e in EntrypointType])
print(ThreadPoolTaskRunner(max_workers=2) == ThreadPoolTaskRunner(max_workers=2), ConcurrentTaskRunner is ThreadPoolTaskRunner, issubclass(ThreadPoolTaskRunner, TaskRunner))
class Creds(CredentialsBlock):
    _block_type_name = "Creds Pb"
    user: str
    def get_client(self, **kw): return f"client for {self.user}"
print(Creds(user="u").get_client())
class Noti(NotificationBlock):
    _block_type_name = "Noti Pb"
    raise_on_failure: bool = True
    async def notify(self, body, subject=None): print("notified", body)
import asyncio
asyncio.run(Noti().notify("x"))
class R(JobRun):
    async def wait_for_completion(self): return "waited"
    async def fetch_result(self): return 3
class J(JobBlock):
    _block_type_name = "J Pb"
    async def trigger(self): return R()
async def main():
    r = await J().trigger()
    print(await r.wait_for_completion(), await r.fetch_result(), r.logger.name)
asyncio.run(main())
class Sec(SecretBlock):
    _block_type_name = "Sec Pb"
    async def read_secret(self): return b"s"
    async def write_secret(self, secret): return "w"
print(asyncio.run(Sec().read_secret()))
try:
    CredentialsBlock()
except TypeError as e:
    print("TypeError")
class DB(DatabaseBlock):
    _block_type_name = "DB Pb"
    async def fetch_one(self, operation, parameters=None, **k): return (1,)
    async def fetch_many(self, operation, parameters=None, size=None, **k): return [(1,)]
    async def fetch_all(self, operation, parameters=None, **k): return [(1,), (2,)]
    async def execute(self, operation, parameters=None, **k): print("exec", operation)
    async def execute_many(self, operation, seq_of_parameters, **k): pass
print(asyncio.run(DB().fetch_all("q")))
try:
    with DB() as d: pass
except Exception as e:
    print(type(e).__name__, str(e)[:60])
