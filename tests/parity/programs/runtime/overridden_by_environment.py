import os
import subprocess
import sys

PROGRAM = """
from headrace.runtime import deployment, flow_run, task_run
print(flow_run.name, flow_run.parameters, flow_run.tags, flow_run.run_count, deployment.name, task_run.name)
"""

environment = {
    **os.environ,
    "HEADRACE__RUNTIME__FLOW_RUN__NAME": "pretend",
    "HEADRACE__RUNTIME__DEPLOYMENT__NAME": "nightly",
    "HEADRACE__RUNTIME__FLOW_RUN__RUN_COUNT": "4",
    "HEADRACE__RUNTIME__TASK_RUN__NAME": "t-1",
}
done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True)
print(done.returncode, done.stdout)
