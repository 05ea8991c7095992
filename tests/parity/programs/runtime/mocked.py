import os

os.environ["HEADRACE__RUNTIME__FLOW_RUN__NAME"] = "mocked-name"
os.environ["HEADRACE__RUNTIME__FLOW_RUN__NEW_KEY"] = "foo"
from headrace.runtime import flow_run

print(flow_run.name)
print(flow_run.new_key)
