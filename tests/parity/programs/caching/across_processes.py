import subprocess
import sys

PROGRAM = """
from headrace import flow, task
from headrace.cache_policies import INPUTS

@task(cache_policy=INPUTS, persist_result=True)
def slow(a, b):
    print("computing")
    return {"sum": a + b}

@flow
def main():
    state = slow(1, b=2, return_state=True)
    print(state.name, state.result())

main()
"""

for _ in range(2):
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    print(done.returncode, done.stdout.split("\n"))
