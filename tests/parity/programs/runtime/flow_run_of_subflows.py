from headrace import flow, task
from headrace.runtime import deployment, flow_run


@flow(name="grandchild")
def grandchild():
    return flow_run.parent_flow_run_id, flow_run.root_flow_run_id, flow_run.id


@flow(name="child", version="7")
def child(root):
    parent, top, own = grandchild()
    return parent == flow_run.id, top == root, own != parent, flow_run.parent_flow_run_id == root, flow_run.flow_version if hasattr(flow_run, "flow_version") else None


@flow(name="root")
def main():
    print(flow_run.parent_flow_run_id, flow_run.parent_deployment_id, deployment.id, deployment.name)
    print(child(flow_run.id))


main()
