import uuid
from pathlib import Path

from headrace import deploy, flow, get_client
from headrace.client.schemas.actions import WorkPoolCreate

Path("flows.py").write_text('''
from headrace import flow


@flow(name="parity-deploy-first")
def first(n: int = 2):
    return n


@flow(name="parity-deploy-second")
def second():
    return 0
''')
pool = f"parity-{uuid.uuid4()}"
with get_client(sync_client=True) as client:
    client.create_work_pool(WorkPoolCreate(name=pool, type="process"))
first = flow.from_source(source=str(Path.cwd()), entrypoint="flows.py:first")
second = flow.from_source(source=str(Path.cwd()), entrypoint="flows.py:second")
one = first.deploy("one", work_pool_name=pool, ignore_warnings=True, print_next_steps=False)
print(type(one).__name__)
many = deploy(
    first.to_deployment("one", tags=["again"]),
    second.to_deployment("two"),
    work_pool_name=pool,
    ignore_warnings=True,
    print_next_steps_message=False,
)
print(len(many), many[0] == one)
