"""What code can ask about the run that it is in, as attributes of modules.

    from headrace.runtime import flow_run, task_run

    @flow
    def report():
        print(flow_run.name, flow_run.parameters)

Outside of runs they are None, empty or 0. Tests can put others in their place by environment
variables: `HEADRACE__RUNTIME__FLOW_RUN__NAME=nightly`.
"""

from headrace.runtime import deployment, flow_run, task_run

__all__ = ["deployment", "flow_run", "task_run"]
