from headrace.runtime import deployment, flow_run, task_run

print(flow_run.id, flow_run.name, flow_run.flow_name, flow_run.parameters, flow_run.tags, flow_run.run_count)
print(task_run.id, task_run.name, task_run.task_name, task_run.parameters, task_run.tags, task_run.run_count)
print(deployment.id, deployment.parameters, deployment.flow_run_id)
try:
    flow_run.nothing
except AttributeError as exc:
    print(exc)
