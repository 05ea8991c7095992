from headrace import flow
from headrace.runtime import flow_run


@flow
def grandchild():
    return flow_run.root_flow_run_id, flow_run.parent_flow_run_id


@flow
def child():
    own = flow_run.id
    root, parent = grandchild()
    print(parent == own)
    return root


@flow
def parent():
    print(child() == flow_run.id, flow_run.id == headrace.runtime.flow_run.id)


import headrace.runtime

parent()
